from .halt import Epoch, Halt
from .message import Message, MessageAlert, MessageState, Receipt, SendSlot
from .note import Call, Note
from .reply import Reply
from .shadow import ShadowNote
from .work_item import OPEN_STATES, ItemState, WorkItem, WorkItemAlert

__all__ = [
    "OPEN_STATES",
    "Call",
    "Epoch",
    "Halt",
    "ItemState",
    "Message",
    "MessageAlert",
    "MessageState",
    "Note",
    "Receipt",
    "Reply",
    "SendSlot",
    "ShadowNote",
    "WorkItem",
    "WorkItemAlert",
]
