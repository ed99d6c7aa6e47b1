"""A container that answers as if online, keeps what it is sent, and lets nothing leave."""
