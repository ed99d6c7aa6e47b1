"""What the gate keeps: decisions, people's answers, the audit log, who got what."""
