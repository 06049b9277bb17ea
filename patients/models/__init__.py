from .access import AccessLog, AccessSeal
from .consent import ConsentEntry, ConsentKind, MailPermission, Permission
from .draft import Draft
from .emergency import EmergencyAccess, EmergencyReview
from .patient import Authority, Identifier, Merge, Patient, PatientSite
from .person import ContactPoint, Mailbox, Person, Phone
from .practitioner import Practitioner, PractitionerNumber
from .site import Site, SiteHoliday
from .staff import Membership, Role, User

__all__ = [
    "AccessLog",
    "AccessSeal",
    "Authority",
    "ConsentEntry",
    "ConsentKind",
    "ContactPoint",
    "Draft",
    "EmergencyAccess",
    "EmergencyReview",
    "Identifier",
    "MailPermission",
    "Mailbox",
    "Membership",
    "Merge",
    "Patient",
    "PatientSite",
    "Permission",
    "Person",
    "Phone",
    "Practitioner",
    "PractitionerNumber",
    "Role",
    "Site",
    "SiteHoliday",
    "User",
]
