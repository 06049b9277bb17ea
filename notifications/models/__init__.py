from .act import Act, WorkItemAct
from .allocation import Allocation
from .answer_link import AnswerLink
from .desk import Absence, Presence, SavedView, StaffedTime
from .halt import Epoch, Halt
from .incident import Incident
from .message import Channel, MailSlot, Message, MessageAlert, MessageState, Receipt, SendSlot
from .note import Call, Note
from .notice import Email, Notice
from .reply import Reply
from .shadow import ShadowNote
from .wording_review import WordingReview
from .work_item import OPEN_STATES, ItemState, WorkItem, WorkItemAlert

__all__ = [
    "OPEN_STATES",
    "Absence",
    "Act",
    "Allocation",
    "AnswerLink",
    "Call",
    "Channel",
    "Email",
    "Epoch",
    "Halt",
    "Incident",
    "ItemState",
    "MailSlot",
    "Message",
    "MessageAlert",
    "MessageState",
    "Note",
    "Notice",
    "Presence",
    "Receipt",
    "Reply",
    "SavedView",
    "SendSlot",
    "ShadowNote",
    "StaffedTime",
    "WordingReview",
    "WorkItem",
    "WorkItemAct",
    "WorkItemAlert",
]
