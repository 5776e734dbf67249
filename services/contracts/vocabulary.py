"""The codes that events use. The API refuses an unknown one; a consumer keeps it and shows it as "other"."""

from enum import StrEnum


class MeetingKind(StrEnum):
    """What sort of engagement a meeting is."""

    ROUND_TABLE = "round_table"
    PLACE_OF_WORSHIP_VISIT = "place_of_worship_visit"
    PUBLIC_MEETING = "public_meeting"
    BEAT_SURGERY = "beat_surgery"
    BRIEFING = "briefing"
    IAG = "iag"
    WALKABOUT = "walkabout"
    ONLINE_SESSION = "online_session"
    SCHOOL_VISIT = "school_visit"
    COMMUNITY_EVENT = "community_event"
    CONSULTATION = "consultation"
    OTHER = "other"


class OrganisationKind(StrEnum):
    """What sort of body an organisation is; it is never a person."""

    PLACE_OF_WORSHIP = "place_of_worship"
    FAITH_BODY = "faith_body"
    COMMUNITY_GROUP = "community_group"
    RESIDENTS_GROUP = "residents_group"
    SCHOOL = "school"
    COUNCIL = "council"
    CHARITY = "charity"
    BUSINESS_GROUP = "business_group"
    PUBLIC_BODY = "public_body"
    OTHER = "other"


class Strand(StrEnum):
    """The community that an organisation belongs to, or that a concern is about."""

    MUSLIM = "muslim"
    CHRISTIAN = "christian"
    JEWISH = "jewish"
    HINDU = "hindu"
    SIKH = "sikh"
    BUDDHIST = "buddhist"
    INTERFAITH = "interfaith"
    BLACK_HERITAGE = "black_heritage"
    ASIAN_HERITAGE = "asian_heritage"
    GYPSY_ROMA_TRAVELLER = "gypsy_roma_traveller"
    LGBT = "lgbt"
    DISABILITY = "disability"
    WOMEN = "women"
    YOUNG_PEOPLE = "young_people"
    OLDER_PEOPLE = "older_people"
    RESIDENTS = "residents"
    BUSINESS = "business"
    OTHER = "other"


class Category(StrEnum):
    """What a concern is about: the crime slugs of police.uk to the letter, and those of engagement."""

    ANTI_SOCIAL_BEHAVIOUR = "anti-social-behaviour"
    BICYCLE_THEFT = "bicycle-theft"
    BURGLARY = "burglary"
    CRIMINAL_DAMAGE_ARSON = "criminal-damage-arson"
    DRUGS = "drugs"
    OTHER_THEFT = "other-theft"
    POSSESSION_OF_WEAPONS = "possession-of-weapons"
    PUBLIC_ORDER = "public-order"
    ROBBERY = "robbery"
    SHOPLIFTING = "shoplifting"
    THEFT_FROM_THE_PERSON = "theft-from-the-person"
    VEHICLE_CRIME = "vehicle-crime"
    VIOLENT_CRIME = "violent-crime"
    OTHER_CRIME = "other-crime"
    HATE_CRIME = "hate-crime"
    PATROL_VISIBILITY = "patrol-visibility"
    COMMUNICATION_CHANNELS = "communication-channels"
    REPRESENTATION_RECRUITMENT = "representation-recruitment"
    PLACE_OF_WORSHIP_SECURITY = "place-of-worship-security"
    COMMUNITY_TENSION = "community-tension"
    ROAD_SAFETY = "road-safety"
    OFFICER_CONDUCT_CONFIDENCE = "officer-conduct-confidence"
    STOP_AND_SEARCH = "stop-and-search"
    VIOLENCE_AGAINST_WOMEN_AND_GIRLS = "violence-against-women-and-girls"
    OTHER = "other"


class HateStrand(StrEnum):
    """The monitored strands of hate crime (College of Policing) and those that forces add."""

    RACE = "race"
    RELIGION = "religion"
    SEXUAL_ORIENTATION = "sexual_orientation"
    DISABILITY = "disability"
    TRANSGENDER = "transgender"
    SEX = "sex"
    AGE = "age"
    ALTERNATIVE_SUBCULTURE = "alternative_subculture"
    OTHER = "other"


class Priority(StrEnum):
    """How urgent a concern is to those who raised it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Resolution(StrEnum):
    """How a concern ends. Each is also the status of the closed concern."""

    RESOLVED = "resolved"
    NO_FURTHER_ACTION = "no_further_action"
    NOT_RESPONSIBLE = "not_responsible"
    REFERRED = "referred"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """How an action ends."""

    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    ONGOING_COMMITMENT = "ongoing_commitment"
    REFERRED_TO_PARTNER = "referred_to_partner"
    NOT_FEASIBLE = "not_feasible"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class DecidingBody(StrEnum):
    """Who decided that a concern is closed."""

    FORCE = "force"
    NEIGHBOURHOOD_TEAM = "neighbourhood_team"
    POLICE_AND_CRIME_COMMISSIONER = "police_and_crime_commissioner"
    COUNCIL = "council"
    PARTNERSHIP = "partnership"
    COMMUNITY = "community"
    OTHER = "other"


class Visibility(StrEnum):
    """Who may see that a meeting exists."""

    PUBLIC = "public"
    LISTED_ONLY = "listed_only"
    INTERNAL = "internal"


class MeetingStatus(StrEnum):
    """Where a meeting stands."""

    SCHEDULED = "scheduled"
    HELD = "held"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"


class ConcernStatus(StrEnum):
    """Where an open concern stands; a closed one has its resolution as status."""

    RAISED = "raised"
    UNDER_REVIEW = "under_review"
    IN_PROGRESS = "in_progress"


class ActionStatus(StrEnum):
    """Where an action stands."""

    OPEN = "open"
    CLOSED = "closed"


class OrganisationStatus(StrEnum):
    """Whether an organisation stands for itself."""

    ACTIVE = "active"
    MERGED = "merged"


def label(code: str, vocabulary: type[StrEnum] | None = None) -> str:
    """A code in words for a person: `round_table` is "Round table"; one that a list lacks is "Other"."""
    if vocabulary is not None and code not in set(vocabulary):
        return "Other"
    words = code.replace("_", " ").replace("-", " ")
    return LABELS.get(code, words[:1].upper() + words[1:])


LABELS: dict[str, str] = {
    "anti-social-behaviour": "Anti-social behaviour",
    "iag": "Independent advisory group",
    "lgbt": "LGBT",
    "gypsy_roma_traveller": "Gypsy, Roma and Traveller",
    "criminal-damage-arson": "Criminal damage and arson",
    "representation-recruitment": "Representation and recruitment",
    "officer-conduct-confidence": "Officers' conduct and confidence",
    "violent-crime": "Violence and sexual offences",
}
"""Codes whose words cannot be made from their letters."""
