"""What the invented clinic is made of, beside its pages."""

from datetime import time
from typing import NamedTuple

from bookings.status import FlagLevel

NEEDLE = "An injection or another needle"
SHOCKWAVE = "Shockwave treatment"

# What may happen at a visit: whether it may happen at any, and the page that tells about it.
TREATMENTS = {
    NEEDLE: (True, "ultrasound-guided-injections"),
    SHOCKWAVE: (False, "shockwave-therapy"),
}
# Pages whose visits differ from the usual ones.
TOPICS = {"shockwave-therapy": [SHOCKWAVE]}


class SafetyQuestion(NamedTuple):
    """A safety question of the demonstration. Wordings are ours; the reasons are in the sources."""

    key: str
    wording: str
    why: str
    detail_prompt: str
    level: FlagLevel
    source: str
    # Before which treatments it is asked; none of them means with every request.
    treatments: tuple[str, ...] = (NEEDLE,)
    asked_again: bool = False


class WeeklySession(NamedTuple):
    """A clinic session of the demonstration: whose, on which weekday (0 is Monday), when and where."""

    clinician: str
    weekday: int
    starts: time
    ends: time
    room: str


ULTRASOUND = "Ultrasound machine"
LOCATIONS = {
    "Main house": ("1 Invented Street, Sampletown", "The way without steps is on the left."),
    "Sample Health Centre": ("2 Example Road, Sampletown", "On the ground floor."),
}
ROOMS = {"Room 1": "Main house", "Room 2": "Main house", "Room A": "Sample Health Centre"}
MACHINES = {"Ultrasound 1": "Main house", "Ultrasound A": "Sample Health Centre"}
OPENING = (time(8, 30), time(18))

SESSIONS = [
    WeeklySession("dr-ada-example", 0, time(9), time(13), "Room 1"),
    WeeklySession("dr-ada-example", 2, time(9), time(13), "Room 1"),
    WeeklySession("dr-ada-example", 2, time(14), time(17), "Room 1"),
    WeeklySession("dr-ada-example", 3, time(13), time(17), "Room 1"),
    WeeklySession("mr-ben-example", 1, time(9), time(12, 30), "Room 2"),
    WeeklySession("mr-ben-example", 3, time(9), time(13), "Room 2"),
    WeeklySession("mr-ben-example", 4, time(9), time(13), "Room A"),
]

# What can be booked: minutes, minutes kept free afterwards, whether it needs an ultrasound machine.
APPOINTMENT_TYPES = {
    "Assessment with ultrasound": (40, 10, True),
    "Follow-up": (20, 5, False),
}

# Why the pages pass what the content checks only ask.
REASONS = {
    "exclusion source": "Asked as a precaution. We found no source that we could read in full.",
    "risk source": "The sources name it without a figure, so none is given.",
    "long sentence": "It names all the places in one breath. Read aloud, it holds together.",
    "unexplained term": "Said in plain words nearby; the list of medical words explains it too.",
    "missing block": "A short page about one visit; the procedure itself has its own page.",
}

# How many days ago a page was signed, so that every way of ageing can be seen.
SIGNED_DAYS_AGO = {"shockwave-therapy": 690, "bakers-cyst": 745}
EARLIER_DAYS_AGO = 200
DAYS_FROM_READING_TO_SIGNING = 5

FEEDBACK = {
    "carpal-tunnel": [
        (True, ""),
        (False, "I did not understand the numbers in the table."),
        (False, "Too long for me."),
        (False, ""),
    ],
    "trigger-finger": [(True, ""), (True, "The pictures of the risks helped.")],
}

SAFETY_QUESTIONS = [
    SafetyQuestion(
        "feeling-unwell",
        "Do you have a high temperature, or feel hot, cold or shivery?",
        "With a painful joint this can mean an infection, which needs help today.",
        "since when?",
        FlagLevel.URGENT,
        "NHS, septic arthritis, reviewed March 2023",
        treatments=(),
        asked_again=True,
    ),
    SafetyQuestion(
        "hot-joint",
        "Has a joint suddenly become very painful, hot or swollen, or has its skin changed colour?",
        "This can mean that a joint is infected, which needs help today.",
        "which joint, and since when?",
        FlagLevel.URGENT,
        "NHS, septic arthritis, reviewed March 2023; heat is our addition",
        treatments=(),
        asked_again=True,
    ),
    SafetyQuestion(
        "under-18",
        "Is the person who needs the appointment under 18?",
        "We have to plan visits of children and young people differently.",
        "how old are they?",
        FlagLevel.AMBER,
        "Clinic policy of the demonstration",
        treatments=(),
    ),
    SafetyQuestion(
        "blood-thinner",
        "Do you take a blood thinner, or bleed or bruise easily?",
        "We need to plan for it; it is rarely a reason against an injection. Do not stop it.",
        "which medicine, or what happens?",
        FlagLevel.RED,
        "EULAR 2021; Royal Surrey leaflet",
        treatments=(NEEDLE, SHOCKWAVE),
        asked_again=True,
    ),
    SafetyQuestion(
        "diabetes",
        "Do you have diabetes?",
        "A steroid can raise your blood sugar for some days.",
        "which type, and what do you take?",
        FlagLevel.AMBER,
        "EULAR 2021; Dudley leaflet",
    ),
    SafetyQuestion(
        "infection",
        "Do you have any infection or broken skin, or are you taking antibiotics?",
        "We would usually wait until it has cleared.",
        "what is it, and since when?",
        FlagLevel.RED,
        "Hull leaflet; NHS Ayrshire & Arran leaflet",
        treatments=(NEEDLE, SHOCKWAVE),
        asked_again=True,
    ),
    SafetyQuestion(
        "allergy",
        "Are you allergic to a steroid, a local anaesthetic, a skin cleaner or a dressing?",
        "So that we use something that is safe for you.",
        "to what, and what happened?",
        FlagLevel.RED,
        "Hull leaflet; Royal Surrey leaflet; skin cleaner and dressing are our addition",
    ),
    SafetyQuestion(
        "pregnancy",
        "Are you pregnant, might you be, or are you breast-feeding?",
        "We choose what is safe for both of you, or wait.",
        "what should we know?",
        FlagLevel.AMBER,
        "EULAR 2021; LactMed",
        treatments=(NEEDLE, SHOCKWAVE),
        asked_again=True,
    ),
    SafetyQuestion(
        "recent-injection",
        "Have you had an injection in the same place in the last 3 months?",
        "Injections should not follow each other too closely.",
        "when, and where was it given?",
        FlagLevel.AMBER,
        "Mayo Clinic; NHS Lanarkshire",
    ),
    SafetyQuestion(
        "joint-replacement",
        "Is there an artificial joint or other metal in the sore area?",
        "We would usually not inject an artificial joint.",
        "which joint, and since when?",
        FlagLevel.RED,
        "NHS Ayrshire & Arran leaflet",
    ),
    SafetyQuestion(
        "planned-surgery",
        "Is an operation planned, above all on the sore joint?",
        "An injection shortly before may raise the risk of infection.",
        "which operation, and when?",
        FlagLevel.AMBER,
        "EULAR 2021; pooled studies 2021",
    ),
    SafetyQuestion(
        "vaccine",
        "Have you had a vaccine in the last 2 weeks, or is one due?",
        "So that we can time things well. Advice on this differs.",
        "which vaccine, and when?",
        FlagLevel.AMBER,
        "Arthritis Research UK quoting BSR; providers differ",
        asked_again=True,
    ),
    SafetyQuestion(
        "hiv-boosters",
        "Do you take medicines for HIV, or for a fungal infection?",
        "Some of them let steroid build up in the body, even after one injection.",
        "which medicines?",
        FlagLevel.RED,
        "MHRA Drug Safety Update on cobicistat and ritonavir; antifungals are our addition",
    ),
    SafetyQuestion(
        "eyes",
        "Do you have glaucoma or another serious eye problem?",
        "Rarely, a steroid can affect the eyes.",
        "what is it?",
        FlagLevel.AMBER,
        "MHRA Drug Safety Update on the retina; glaucoma is our inference",
    ),
    SafetyQuestion(
        "steroid-tablets",
        "Do you take steroid tablets, or carry a steroid card?",
        "We add up all the steroid that you are given.",
        "which, how much, and since when?",
        FlagLevel.AMBER,
        "GP-practice joint-injection sheet",
    ),
    SafetyQuestion(
        "chickenpox",
        "Have you been near somebody with chickenpox, shingles or measles in the last weeks?",
        "A steroid can make it harder for the body to fight these.",
        "what, and when?",
        FlagLevel.AMBER,
        "GP-practice joint-injection sheet",
        asked_again=True,
    ),
    SafetyQuestion(
        "recent-steroid",
        "Have you had a steroid injection in the sore place in the last 6 weeks?",
        "Shockwave treatment should not follow one too closely.",
        "when, and where was it given?",
        FlagLevel.RED,
        "RNOH shockwave leaflet",
        treatments=(SHOCKWAVE,),
        asked_again=True,
    ),
    SafetyQuestion(
        "pacemaker",
        "Do you have a pacemaker?",
        "Shockwave treatment is then not suitable.",
        "since when?",
        FlagLevel.RED,
        "RNOH shockwave leaflet",
        treatments=(SHOCKWAVE,),
    ),
    SafetyQuestion(
        "cancer-clot-epilepsy",
        "Do you have cancer, a blood clot or epilepsy?",
        "Shockwave treatment may then not be suitable.",
        "which, and since when?",
        FlagLevel.RED,
        "RNOH shockwave leaflet",
        treatments=(SHOCKWAVE,),
    ),
    SafetyQuestion(
        "fluoroquinolone",
        "Are you taking an antibiotic of the kind called fluoroquinolone?",
        "It can make tendons weaker. A pharmacist can tell you whether yours is one. Do not stop it.",
        "which one, and since when?",
        FlagLevel.RED,
        "RNOH shockwave leaflet",
        treatments=(SHOCKWAVE,),
        asked_again=True,
    ),
]
