"""An appointment's life: held while paid for, confirmed, held in the room, completed; or cancelled, with a fair refund."""
