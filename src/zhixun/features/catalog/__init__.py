"""What is on offer: fields and topics, consultants with their checked credentials, and the services they sell."""
