"""What is known of incidents: bad crates with their campaigns, and secrets by class. Data only."""
