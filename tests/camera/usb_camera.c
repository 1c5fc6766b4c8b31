/*
 * Test code, not part of the product: a USB camera for machines whose kernel has none and can load none.
 *
 * Preloaded, it answers what libav's v4l2 input asks of a UVC camera at $MADOMORI_USB/video. Everything else goes on to
 * the C library. In that folder lie
 *   modes      what the camera can do, a line each: fourcc width height pictures-a-second; the first is its favourite
 *   frame.jpg  the picture that it gives as MJPG; raw formats are grey
 *   gone       while it is there: unplugged          stalled   while it is there: no picture and no error
 *   broken     while it is there: every picture is cut in half
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFERS 4
#define SIZE (4 << 20)

static struct {
	int fd, nonblock, fps, queued[BUFFERS], waiting;
	unsigned int fourcc, width, height, sequence;
	long long next_ns;
} camera = { .fd = -1 };

static const char *path(const char *name)
{
	static __thread char full[4096];
	const char *folder = getenv("MADOMORI_USB");

	snprintf(full, sizeof(full), "%s/%s", folder ? folder : "/nonexistent", name);
	return full;
}

static int is(const char *name)
{
	return access(path(name), F_OK) == 0;
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The mode nearest to the wish: its format must fit, of its sizes the first that fits or else its first. */
static int choose(unsigned int fourcc, unsigned int width, unsigned int height)
{
	FILE *modes = fopen(path("modes"), "r");
	char name[5];
	unsigned int w, h;
	int fps, found = 0;

	while (modes && fscanf(modes, "%4s %u %u %d", name, &w, &h, &fps) == 4) {
		unsigned int have = v4l2_fourcc(name[0], name[1], name[2], name[3]);
		int fits = w == width && h == height;

		if (have != fourcc || (found && !fits))
			continue;
		camera.fourcc = have, camera.width = w, camera.height = h, camera.fps = fps;
		found = 1;
		if (fits)
			break;
	}
	if (modes)
		fclose(modes);
	return found;
}

static void describe(struct v4l2_pix_format *picture)
{
	picture->width = camera.width;
	picture->height = camera.height;
	picture->pixelformat = camera.fourcc;
	picture->field = V4L2_FIELD_NONE;
	picture->bytesperline = camera.fourcc == V4L2_PIX_FMT_YUYV ? camera.width * 2 : 0;
	picture->sizeimage = camera.fourcc == V4L2_PIX_FMT_YUYV ? camera.width * camera.height * 2 : SIZE;
}

static unsigned int fill(int buffer)
{
	static unsigned char picture[SIZE];
	unsigned int length = camera.width * camera.height * 2;

	if (camera.fourcc == V4L2_PIX_FMT_MJPEG) {
		FILE *jpeg = fopen(path("frame.jpg"), "rb");

		length = jpeg ? (unsigned int)fread(picture, 1, SIZE, jpeg) : 0;
		if (jpeg)
			fclose(jpeg);
		if (is("broken"))
			memset(picture, 0, length);
	} else {
		memset(picture, 128, length);
	}
	return pwrite(camera.fd, picture, length, (off_t)buffer * SIZE) == (ssize_t)length ? length : 0;
}

static int dequeue(struct v4l2_buffer *buffer)
{
	long long period_ns = 1000000000LL / (camera.fps ? camera.fps : 25);

	for (;;) {
		long long left_ns = camera.next_ns - now_ns();

		if (is("gone"))
			return errno = ENODEV, -1;
		if (left_ns <= 0 && camera.waiting && !is("stalled"))
			break;
		if (camera.nonblock)
			return errno = EAGAIN, -1;
		usleep(2000);
	}
	buffer->index = (unsigned int)camera.queued[0];
	memmove(camera.queued, camera.queued + 1, sizeof(int) * (BUFFERS - 1));
	camera.waiting--;
	buffer->bytesused = fill((int)buffer->index);
	buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	buffer->timestamp.tv_sec = camera.next_ns / 1000000000LL;
	buffer->timestamp.tv_usec = camera.next_ns % 1000000000LL / 1000;
	buffer->sequence = camera.sequence++;
	do
		camera.next_ns += period_ns;
	while (camera.next_ns + period_ns < now_ns());
	return 0;
}

static int answer(unsigned long request, void *argument)
{
	struct v4l2_capability *able = argument;
	struct v4l2_format *format = argument;
	struct v4l2_streamparm *pace = argument;
	struct v4l2_requestbuffers *wanted = argument;
	struct v4l2_buffer *buffer = argument;

	switch ((unsigned int)request) {
	case VIDIOC_QUERYCAP:
		memset(able, 0, sizeof(*able));
		able->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
		return 0;
	case VIDIOC_G_FMT:
		describe(&format->fmt.pix);
		return 0;
	case VIDIOC_S_FMT:
		/* As uvcvideo does it: what the camera cannot do is answered with what it can, as near as it has it. */
		if (!choose(format->fmt.pix.pixelformat, format->fmt.pix.width, format->fmt.pix.height))
			choose(camera.fourcc, format->fmt.pix.width, format->fmt.pix.height);
		describe(&format->fmt.pix);
		return 0;
	case VIDIOC_G_PARM:
	case VIDIOC_S_PARM:
		pace->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
		pace->parm.capture.timeperframe.numerator = 1;
		pace->parm.capture.timeperframe.denominator = (unsigned int)camera.fps;
		return 0;
	case VIDIOC_G_INPUT:
		*(int *)argument = 0;
		return 0;
	case VIDIOC_ENUMINPUT:
		((struct v4l2_input *)argument)->std = 0;
		return 0;
	case VIDIOC_REQBUFS:
		wanted->count = wanted->count > BUFFERS ? BUFFERS : wanted->count;
		camera.waiting = 0;
		return 0;
	case VIDIOC_QUERYBUF:
		buffer->length = SIZE;
		buffer->m.offset = buffer->index * SIZE;
		return 0;
	case VIDIOC_QBUF:
		if (camera.waiting < BUFFERS)
			camera.queued[camera.waiting++] = (int)buffer->index;
		return 0;
	case VIDIOC_DQBUF:
		return dequeue(buffer);
	case VIDIOC_STREAMON:
		camera.next_ns = now_ns();
		return 0;
	case VIDIOC_STREAMOFF:
		camera.waiting = 0;
		return 0;
	default:
		return errno = ENOTTY, -1;
	}
}

static int plugged(const char *name, int flags)
{
	int fd;

	if (is("gone"))
		return errno = ENODEV, -1;
	(void)name;
	fd = memfd_create("usb-camera", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)BUFFERS * SIZE) != 0)
		return -1;
	memset(&camera, 0, sizeof(camera));
	camera.fd = fd;
	camera.nonblock = (flags & O_NONBLOCK) != 0;
	FILE *modes = fopen(path("modes"), "r");
	char first[5] = "";

	if (modes && fscanf(modes, "%4s", first) == 1)
		choose(v4l2_fourcc(first[0], first[1], first[2], first[3]), 0, 0);
	if (modes)
		fclose(modes);
	return fd;
}

#define OPEN(NAME)                                                                  \
	int NAME(const char *name, int flags, ...)                                  \
	{                                                                           \
		int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #NAME);       \
		va_list more;                                                       \
		mode_t mode;                                                        \
                                                                                    \
		if (strcmp(name, path("video")) == 0)                               \
			return plugged(name, flags);                                \
		va_start(more, flags);                                              \
		mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;  \
		va_end(more);                                                       \
		return real(name, flags, mode);                                     \
	}

OPEN(open)
OPEN(open64)

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	va_list more;
	void *argument;

	va_start(more, request);
	argument = va_arg(more, void *);
	va_end(more);
	return fd >= 0 && fd == camera.fd ? answer(request, argument) : real(fd, request, argument);
}
