"""What stands in for a Raspberry Pi under the genuine picamera2. All of it is outside the code under test.

| part | why |
|---|---|
| paced_camera.h, built into libcamera | the virtual camera ignores its frame rate |
| dma_buf.c, preloaded | a test machine's kernel may have neither udmabuf nor a dma-heap |
| `kms`, `prctl` as mocks | imported by picamera2 for previews and for a child program, neither of which is used here |
| raw modes | the virtual camera has no sensor, so no raw stream to ask |
| `PlanarAllocator` | the virtual camera wants NV12 in two planes, picamera2 describes one |
| `LibavH264Encoder` as `H264Encoder` | off a Raspberry Pi picamera2 asks for the V4L2 encoder of a model 4 |
"""

import mmap
import sys
from typing import Any
from unittest.mock import MagicMock

for absent in ("kms", "pykms", "prctl"):
    sys.modules.setdefault(absent, MagicMock())

import libcamera  # noqa: E402 - after the mocks
import picamera2.encoders  # noqa: E402
import picamera2.picamera2  # noqa: E402
from picamera2.allocators import DmaAllocator  # noqa: E402


class PlanarAllocator(DmaAllocator):  # type: ignore[misc]
    """NV12 buffers of two planes in one piece of memory."""

    def allocate(self, libcamera_config: Any, use_case: Any) -> None:
        self.libcamera_fds = []
        self.cleanup()
        self.frame_buffers = {}
        for stream_config in libcamera_config:
            luma = stream_config.stride * stream_config.size.height
            buffers = []
            for number in range(stream_config.buffer_count):
                fd = self.dmaHeap.alloc(f"picture-{number}", stream_config.frame_size).get()
                self.open_fds.append(fd)
                planes = [libcamera.FrameBuffer.Plane(), libcamera.FrameBuffer.Plane()]
                for plane, (offset, length) in zip(
                    planes, ((0, luma), (luma, stream_config.frame_size - luma)), strict=True
                ):
                    plane.fd, plane.offset, plane.length = fd, offset, length
                buffer = libcamera.FrameBuffer(planes)
                self.libcamera_fds.append(planes[0].fd)
                self.mapped_buffers_used[planes[0].fd] = False
                self.mapped_buffers[buffer] = mmap.mmap(fd, stream_config.frame_size)
                buffers.append(buffer)
            self.frame_buffers[stream_config.stream] = buffers


def put_in() -> None:
    """Put the stand-ins into the imported picamera2."""
    picamera2.picamera2.DmaAllocator = PlanarAllocator
    picamera2.encoders.H264Encoder = picamera2.encoders.LibavH264Encoder
    picamera2.picamera2.Picamera2._get_raw_modes = lambda self: [{"format": "SRGGB10", "size": (1280, 720)}]
