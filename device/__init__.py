"""The counter box: button, lamp, notice, recording and a spool that loses nothing."""
