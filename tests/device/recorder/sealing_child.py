"""Seals and stores a film as a box does, or stores it plain. Arguments: folder, how. Run by test_sealing.py."""

import sys
from pathlib import Path

from support.seals import seal_in
from support.studio import Film, WallClock, new_id

from device.recorder.recording import Recording
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.store import SegmentStore
from device.recorder.watching import Faults

if __name__ == "__main__":
    folder, how = Path(sys.argv[1]), sys.argv[2]
    film, incident, clock = Film(), new_id(), WallClock()
    seal = seal_in(folder)
    key, _ = load_or_make_key(folder / "evidence.pem")
    store = SegmentStore(folder / how)
    encrypt = seal if how == "sealed" else bytes
    sealer = SigningSealer(key, encrypt, "kita", "counter-01", new_id(), clock, store.chain)
    kept = Recording(film.encoders, Faults(lambda event: None), incident, True, 50_000, 0, 1_000)
    segments = [segment for packet in film.shoot(50_000, 3) for segment in kept.add(packet)] + kept.finish()
    for number, segment in enumerate(segments):
        store.write(incident, number, sealer.seal(segment))
