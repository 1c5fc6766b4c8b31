/*
 * Test code, not part of the product: makes libcamera's virtual camera behave like a sensor.
 *
 * prepare.py includes this file into the virtual pipeline of the libcamera that it builds in its cache. As it comes,
 * that camera ignores its frame rate and delivers hundreds of pictures a second, stamped when the request was queued.
 *
 * MADOMORI_CAMERA_FPS      pictures a second, 25 when it is not set
 * MADOMORI_CAMERA_STALLED  while a file of this name exists the camera takes requests and never answers them
 */
#pragma once

#include <chrono>
#include <stdlib.h>
#include <thread>
#include <unistd.h>

#include <libcamera/control_ids.h>

namespace madomori {

/* Waits for the time of the next picture and stamps it; false when there will be no picture. */
inline bool nextPicture(libcamera::ControlList &metadata)
{
	using namespace std::chrono;

	const char *stalled = getenv("MADOMORI_CAMERA_STALLED");
	if (stalled && access(stalled, F_OK) == 0)
		return false;

	const char *fps = getenv("MADOMORI_CAMERA_FPS");
	const nanoseconds period(1000000000LL / (fps && atoi(fps) > 0 ? atoi(fps) : 25));
	const auto now = steady_clock::now().time_since_epoch();
	/* A sensor does not wait for anybody: who comes late gets the picture after the one that was missed. */
	const auto due = (now / period + 1) * period;
	std::this_thread::sleep_until(steady_clock::time_point(due));
	metadata.set(libcamera::controls::SensorTimestamp, duration_cast<nanoseconds>(due).count());
	return true;
}

} /* namespace madomori */
