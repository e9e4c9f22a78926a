"""New words in labels, hints and messages. No table changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0019_found_by"),
        ("procedures", "0008_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="appointmentrequest",
            options={
                "permissions": [
                    ("review_appointmentrequest", "Can start the review of a request"),
                    ("ask_appointmentrequest", "Can ask the patient a question"),
                    ("offer_appointmentrequest", "Can offer times"),
                    ("book_appointmentrequest", "Can book by phone"),
                    ("defer_appointmentrequest", "Can defer a request"),
                    ("decline_appointmentrequest", "Can decline a request"),
                    ("phone_appointmentrequest", "Can record a phone call"),
                ]
            },
        ),
        migrations.AlterModelOptions(
            name="look",
            options={"verbose_name": "list viewed", "verbose_name_plural": "lists viewed"},
        ),
        migrations.AlterModelOptions(
            name="screeningquestion",
            options={"verbose_name": "safety question"},
        ),
        migrations.AlterField(
            model_name="appointment",
            name="status",
            field=models.CharField(
                choices=[
                    ("booked", "Booked"),
                    ("fulfilled", "Attended"),
                    ("noshow", "Did not attend"),
                    ("cancelled", "Cancelled"),
                    ("moved", "Moved to another time"),
                ],
                default="booked",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="appointmentrequest",
            name="carer_right",
            field=models.CharField(
                blank=True,
                choices=[
                    ("agreed", "They have asked me to"),
                    ("parent", "I am their parent or guardian"),
                    ("attorney", "I have power of attorney for their health, or I am their deputy"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="appointmentrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("in_review", "In review"),
                    ("question_asked", "Question asked"),
                    ("offered", "Times offered"),
                    ("deferred", "Deferred"),
                    ("booked", "Booked"),
                    ("booked_in_review", "Booked (in review again)"),
                    ("booked_offered", "Booked (other times offered)"),
                    ("declined", "Declined"),
                    ("withdrawn", "Withdrawn"),
                    ("lapsed", "Expired"),
                    ("closed", "Closed"),
                ],
                default="received",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="appointmenttype",
            name="buffer_minutes",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="For writing up and cleaning the room.",
                verbose_name="minutes kept free afterwards",
            ),
        ),
        migrations.AlterField(
            model_name="appointmenttype",
            name="needs",
            field=models.ManyToManyField(
                blank=True,
                help_text="As well as the clinician and the room of the session.",
                to="bookings.machinekind",
                verbose_name="machines needed",
            ),
        ),
        migrations.AlterField(
            model_name="clinicsession",
            name="first_day",
            field=models.DateField(
                help_text="The session repeats every week on this day of the week."
            ),
        ),
        migrations.AlterField(
            model_name="clinicsession",
            name="last_day",
            field=models.DateField(
                blank=True,
                help_text="Leave this empty if the session goes on until further notice. Enter the first day again if it takes place only once.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="closure",
            name="location",
            field=models.ForeignKey(
                blank=True,
                help_text="Or choose a whole location.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="bookings.location",
            ),
        ),
        migrations.AlterField(
            model_name="closure",
            name="reason",
            field=models.CharField(
                blank=True,
                help_text="For colleagues. Do not write down anyone’s illness.",
                max_length=100,
            ),
        ),
        migrations.AlterField(
            model_name="location",
            name="address",
            field=models.CharField(help_text="Patients read this.", max_length=300),
        ),
        migrations.AlterField(
            model_name="location",
            name="directions",
            field=models.TextField(
                blank=True,
                help_text="Step-free access, parking, which bell to ring.",
                verbose_name="how to get in",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("received", "Request received"),
                    ("question", "Question asked"),
                    ("offer", "Times offered"),
                    ("offer_ends", "Offer ends soon"),
                    ("booked", "Appointment booked"),
                    ("moved", "Appointment moved"),
                    ("kept", "Appointment kept"),
                    ("declined", "Request declined"),
                    ("withdrawn", "Request withdrawn"),
                    ("cancelled", "Appointment cancelled"),
                    ("reminder", "Appointment reminder"),
                    ("afterwards", "After the visit"),
                    ("contact", "Contact details changed"),
                    ("contact_left", "Contact details changed (to the old address)"),
                    ("link", "Private link sent again"),
                    ("clinic_notice", "Notice to the clinic"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("sent", "Sent"),
                    ("dropped", "Not sent: out of date"),
                    ("failed", "Failed"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="status",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("accepted", "Accepted"),
                    ("refused", "Other times requested"),
                    ("released", "Ended with its request"),
                    ("expired", "Expired"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="recordedoutcome",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("proceed", "Proceed"),
                    ("proceed_with_note", "Proceed, with a note"),
                    ("call_patient", "Call the patient first"),
                    ("delay_until", "Delay"),
                    ("not_suitable", "Not suitable"),
                    ("redirect", "Refer elsewhere"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="redflag",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("proceed", "Proceed"),
                    ("proceed_with_note", "Proceed, with a note"),
                    ("call_patient", "Call the patient first"),
                    ("delay_until", "Delay"),
                    ("not_suitable", "Not suitable"),
                    ("redirect", "Refer elsewhere"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="screeningquestion",
            name="asked_again",
            field=models.BooleanField(
                default=False,
                help_text="For answers that may change. We ask again when the patient takes a time, and with the reminder.",
                verbose_name="ask again before the visit",
            ),
        ),
        migrations.AlterField(
            model_name="screeningquestion",
            name="flags_unsure",
            field=models.BooleanField(
                default=True, verbose_name="“I am not sure” also raises the flag"
            ),
        ),
        migrations.AlterField(
            model_name="screeningquestion",
            name="key",
            field=models.SlugField(help_text="Use the same key for all versions of a question."),
        ),
        migrations.AlterField(
            model_name="screeningquestion",
            name="treatments",
            field=models.ManyToManyField(
                blank=True,
                help_text="Leave this empty to ask with every request.",
                related_name="questions",
                to="bookings.treatment",
                verbose_name="before which treatments",
            ),
        ),
        migrations.AlterField(
            model_name="topic",
            name="treatments",
            field=models.ManyToManyField(
                blank=True,
                help_text="Choose none only if the visit is just to talk.",
                related_name="topics",
                to="bookings.treatment",
                verbose_name="what may happen at the visit",
            ),
        ),
        migrations.AlterField(
            model_name="treatment",
            name="is_usual",
            field=models.BooleanField(
                default=True,
                help_text="If you tick this, we ask its questions with every request, except for topics where it cannot happen.",
                verbose_name="may happen at any visit",
            ),
        ),
        migrations.AlterField(
            model_name="treatment",
            name="page",
            field=models.ForeignKey(
                blank=True,
                help_text="The page about how to prepare for it and what to do afterwards.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="procedures.informationpage",
            ),
        ),
        migrations.AlterConstraint(
            model_name="appointment",
            name="bookings_appointment_booked_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("booked_at__isnull", True), ("booked_by__isnull", True)),
                    models.Q(("booked_at__isnull", False), ("booked_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_appointment_booked_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="appointment",
            name="bookings_appointment_ended_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_appointment_ended_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="appointmentrequest",
            name="bookings_appointmentrequest_received_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("received_at__isnull", True), ("received_by__isnull", True)),
                    models.Q(("received_at__isnull", False), ("received_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_appointmentrequest_received_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="appointmentrequest",
            name="bookings_appointmentrequest_ended_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_appointmentrequest_ended_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="appointmentrequest",
            name="bookings_appointmentrequest_earlier_asked_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("earlier_asked_at__isnull", True), ("earlier_asked_by__isnull", True)
                    ),
                    models.Q(
                        ("earlier_asked_at__isnull", False), ("earlier_asked_by__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="bookings_appointmentrequest_earlier_asked_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="appointmenttype",
            name="bookings_appointmenttype_retired_on_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_by__isnull", True), ("retired_on__isnull", True)),
                    models.Q(("retired_by__isnull", False), ("retired_on__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_appointmenttype_retired_on_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="clinicquestion",
            name="bookings_clinicquestion_asked_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_at__isnull", True), ("asked_by__isnull", True)),
                    models.Q(("asked_at__isnull", False), ("asked_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_clinicquestion_asked_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="clinicquestion",
            name="bookings_clinicquestion_answered_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("answered_by__isnull", True)),
                    models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_clinicquestion_answered_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="clinicsession",
            name="session_starts_before_it_ends",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts"))),
                name="session_starts_before_it_ends",
                violation_error_message="The session must end after it starts.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="clinicsession",
            name="session_has_a_first_and_then_a_last_day",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_day", None), ("last_day__gte", models.F("first_day")), _connector="OR"
                ),
                name="session_has_a_first_and_then_a_last_day",
                violation_error_message="The last day cannot be before the first day.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="closure",
            name="a_closure_is_of_one_thing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("location__isnull", False), ("resource", None)),
                    models.Q(("location", None), ("resource__isnull", False)),
                    _connector="OR",
                ),
                name="a_closure_is_of_one_thing",
                violation_error_message="Choose either who or what is away, or a location.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="closure",
            name="closure_starts_before_it_ends",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts"))),
                name="closure_starts_before_it_ends",
                violation_error_message="The end must be after the start.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="look",
            name="bookings_look_looked_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("looked_at__isnull", True), ("looked_by__isnull", True)),
                    models.Q(("looked_at__isnull", False), ("looked_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_look_looked_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="message",
            name="bookings_message_queued_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("queued_at__isnull", True), ("queued_by__isnull", True)),
                    models.Q(("queued_at__isnull", False), ("queued_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_message_queued_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="message",
            name="bookings_message_sent_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", True), ("sent_by__isnull", True)),
                    models.Q(("sent_at__isnull", False), ("sent_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_message_sent_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="offer",
            name="bookings_offer_closed_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_offer_closed_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="offer",
            name="bookings_offer_made_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("made_at__isnull", True), ("made_by__isnull", True)),
                    models.Q(("made_at__isnull", False), ("made_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_offer_made_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="openinghours",
            name="opens_before_it_closes",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes__gt", models.F("opens"))),
                name="opens_before_it_closes",
                violation_error_message="Closing time must be after opening time.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="phonecall",
            name="bookings_phonecall_made_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("made_at__isnull", True), ("made_by__isnull", True)),
                    models.Q(("made_at__isnull", False), ("made_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_phonecall_made_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="recordedoutcome",
            name="bookings_recordedoutcome_recorded_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("recorded_at__isnull", True), ("recorded_by__isnull", True)),
                    models.Q(("recorded_at__isnull", False), ("recorded_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_recordedoutcome_recorded_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="redflag",
            name="bookings_redflag_resolved_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolved_at__isnull", True), ("resolved_by__isnull", True)),
                    models.Q(("resolved_at__isnull", False), ("resolved_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_redflag_resolved_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="resource",
            name="a_clinician_or_something_at_a_location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("clinician__isnull", False), ("location", None), ("machine_kind", None)
                    ),
                    models.Q(("clinician", None), ("location__isnull", False)),
                    _connector="OR",
                ),
                name="a_clinician_or_something_at_a_location",
                violation_error_message="Choose a location.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="screeninganswer",
            name="bookings_screeninganswer_given_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("given_at__isnull", True), ("given_by__isnull", True)),
                    models.Q(("given_at__isnull", False), ("given_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_screeninganswer_given_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="screeningquestion",
            name="bookings_screeningquestion_retired_on_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_by__isnull", True), ("retired_on__isnull", True)),
                    models.Q(("retired_by__isnull", False), ("retired_on__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_screeningquestion_retired_on_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="sessionchange",
            name="other_hours_or_none",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends", None), ("starts", None)),
                    models.Q(
                        ("ends__gt", models.F("starts")),
                        ("ends__isnull", False),
                        ("starts__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="other_hours_or_none",
                violation_error_message="Enter both times, with the start before the end. Leave both empty if the session does not take place.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="workerrun",
            name="bookings_workerrun_ran_at_by",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ran_at__isnull", True), ("ran_by__isnull", True)),
                    models.Q(("ran_at__isnull", False), ("ran_by__isnull", False)),
                    _connector="OR",
                ),
                name="bookings_workerrun_ran_at_by",
                violation_error_message="Record both the time and the person, or neither.",
            ),
        ),
    ]
