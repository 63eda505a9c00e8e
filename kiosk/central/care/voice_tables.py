"""Tables of questionnaires, feedback, votes and awards. No answer and no vote has a member, a moment or an order.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.tables import metadata

survey = Table(
    "survey",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("year", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("about", String(32), nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("questions", Text, nullable=False),
    Column("made_by", String(32), nullable=False),
    Column("made_on", String(10), nullable=False),
)

survey_taken = Table(
    "survey_taken",
    metadata,
    Column("survey", String(16), ForeignKey("survey.id"), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
)
"""Who has answered, so that nobody does twice; it has no moment."""

survey_answer = Table(
    "survey_answer",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("survey", String(16), ForeignKey("survey.id"), nullable=False),
    Column("question", String(32), nullable=False),
    Column("answer", Text, nullable=False),
    Index("survey_answer_by_survey", "survey", "question"),
)
"""What was answered; ids are random, so that their order tells nothing."""

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("channel", String(16), nullable=False),
    Column("words", Text, nullable=False),
    Column("answer", Text, nullable=False, default=""),
    Column("received_at", String(24), nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("answered_by", String(32), nullable=False, default=""),
    Index("feedback_by_state", "state", "due_on"),
)
"""Suggestions and their answers; without a member where nobody wanted to be named."""

vote = Table(
    "vote",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("choices", Text, nullable=False),
    Column("choices_en", Text, nullable=False, server_default="[]"),
    Column("state", String(16), nullable=False),
    Column("result", Text),
    Column("made_by", String(32), nullable=False),
    Column("made_on", String(10), nullable=False),
)
"""A vote; its `choices` are what is counted, `choices_en` what they are called in English: all of them, or none."""

vote_taken = Table(
    "vote_taken",
    metadata,
    Column("vote", String(16), ForeignKey("vote.id"), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
)
"""Whose voice was used, a unit's under the unit; it has no moment and no choice."""

vote_tally = Table(
    "vote_tally",
    metadata,
    Column("vote", String(16), ForeignKey("vote.id"), primary_key=True),
    Column("choice", String(64), primary_key=True),
    Column("votes", Integer, nullable=False),
)

award = Table(
    "award",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("points", Integer, nullable=False),
)
"""The year's awards by place."""

general_meeting = Table(
    "general_meeting",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("on", String(10), nullable=False),
    Column("place", String(200), nullable=False),
    Column("noted_by", String(32), nullable=False),
    Column("noted_at", String(24), nullable=False),
)
"""The general meeting of each year, of which there is one."""
