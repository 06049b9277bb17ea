from .abstraction import Abstraction
from .alert import Alert
from .approval import KnowledgeApproval, KnowledgeInForce
from .audit import RegistryAudit, RegistryRow
from .code_map import CodeMap
from .definition import PathwayVersion, Rung, Stage, VersionAct
from .event import Binding, Event
from .feed import Coverage, Expectation, Feed
from .inbound import Inbound
from .journey import ExitClass, Journey, JourneyRevision, JourneySite, Phase, Status
from .link import JourneyLink
from .matter import Matter, MatterKind
from .rollout import Rollout, RolloutChange, Signature
from .stay import Stay, StayRevision
from .team import CareTeam, HandOver, TeamRole
from .tracker import EmptiedCell, Tracker, TrackerRow, TrackerUpload
from .trial import Trial
from .turn import Turn

__all__ = [
    "Abstraction",
    "Alert",
    "Binding",
    "CareTeam",
    "CodeMap",
    "Coverage",
    "EmptiedCell",
    "Event",
    "ExitClass",
    "Expectation",
    "Feed",
    "HandOver",
    "Inbound",
    "Journey",
    "JourneyLink",
    "JourneyRevision",
    "JourneySite",
    "KnowledgeApproval",
    "KnowledgeInForce",
    "Matter",
    "MatterKind",
    "PathwayVersion",
    "Phase",
    "RegistryAudit",
    "RegistryRow",
    "Rollout",
    "RolloutChange",
    "Rung",
    "Signature",
    "Stage",
    "Status",
    "Stay",
    "StayRevision",
    "TeamRole",
    "Tracker",
    "TrackerRow",
    "TrackerUpload",
    "Trial",
    "Turn",
    "VersionAct",
]
