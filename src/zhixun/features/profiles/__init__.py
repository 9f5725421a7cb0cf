"""What a person is interested in and how they like to be advised: made of what they did, visible to them, corrected by them."""
