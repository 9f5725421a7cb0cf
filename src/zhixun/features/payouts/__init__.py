"""What consultants are paid: runs that one person proposes and another approves, and each month's statement."""
