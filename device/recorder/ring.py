"""The last seconds in RAM: what was captured before anybody pressed."""

from collections import deque

from device.recorder.packets import Packet


class Ring:
    """Encoded packets of the last `length_us` plus one GOP, so that cutting at a keyframe costs none of the length.

    A ring of exactly the length would have to be trimmed to its first keyframe and lose up to one GOP (measured:
    200 of about 221 expected frames). Used by the writer thread alone.
    """

    def __init__(self, length_us: int, gop_us: int, limit_bytes: int) -> None:
        self._length_us = length_us
        self._span_us = length_us + gop_us
        self._limit_bytes = limit_bytes
        self._packets: deque[Packet] = deque()
        self._bytes = 0

    def add(self, packet: Packet) -> None:
        """Take in the newest packet and let go of what is too old, or too much."""
        self._packets.append(packet)
        self._bytes += len(packet.data)
        oldest_us = packet.at_us - self._span_us
        while self._packets[0].at_us < oldest_us or self._bytes > self._limit_bytes:
            self._bytes -= len(self._packets.popleft().data)

    def since(self, asked_us: int) -> list[Packet]:
        """The pre-roll of a recording asked for at `asked_us`, in the order of arrival.

        Begins at the last keyframe that still gives the whole length, so it is at most one GOP longer than asked;
        with no picture in the ring it begins with the sound of the asked length.
        """
        return self._from(asked_us - self._length_us, at_keyframe=self._length_us > 0)

    def newest(self, length_us: int) -> list[Packet]:
        """The newest `length_us`, or what there is, with a picture that can be decoded at its beginning."""
        if not self._packets:
            return []
        wanted_us = max(packet.at_us for packet in self._packets) - length_us
        kept = self._from(max(wanted_us, self._packets[0].at_us), at_keyframe=True)
        first = next((packet.at_us for packet in kept if packet.keyframe), None)
        return kept if first is None else [packet for packet in kept if packet.at_us >= first]

    def oldest_ms(self, asked_ms: int) -> int:
        """Where the pre-roll of a recording asked for now would begin."""
        kept = self.since(asked_ms * 1000)
        return kept[0].at_us // 1000 if kept else asked_ms

    def _from(self, wanted_us: int, at_keyframe: bool) -> list[Packet]:
        early = [packet.at_us for packet in self._packets if packet.keyframe and packet.at_us <= wanted_us]
        start_us = early[-1] if early and at_keyframe else wanted_us
        return [packet for packet in self._packets if packet.at_us >= start_us]

    def __len__(self) -> int:
        return len(self._packets)
