"""The system check, pure: from facts about the box to what is well and what to do about the rest."""
