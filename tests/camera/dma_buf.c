/*
 * Test code, not part of the product: memory for pictures where the kernel has neither udmabuf nor a dma-heap.
 *
 * Preloaded into the test, it answers the calls by which libcamera and picamera2 ask the kernel for such memory, and
 * gives plain shared memory (memfd). Everything else goes on to the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static int is_provider(const char *path)
{
	return strcmp(path, "/dev/udmabuf") == 0 || strcmp(path, "/dev/dma_heap/vidbuf_cached") == 0;
}

static int memory(unsigned long long size)
{
	int fd = memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && size && ftruncate(fd, (off_t)size) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

#define OPEN(NAME)                                                            \
	int NAME(const char *path, int flags, ...)                            \
	{                                                                     \
		int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #NAME); \
		va_list more;                                                 \
		mode_t mode;                                                  \
                                                                              \
		if (is_provider(path))                                        \
			return memory(0);                                     \
		va_start(more, flags);                                        \
		mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
		va_end(more);                                                 \
		return real(path, flags, mode);                               \
	}

OPEN(open)
OPEN(open64)

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	struct dma_heap_allocation_data *heap;
	va_list more;
	void *argument;

	va_start(more, request);
	argument = va_arg(more, void *);
	va_end(more);

	switch (request) {
	case UDMABUF_CREATE:
		return dup(((struct udmabuf_create *)argument)->memfd);
	case DMA_HEAP_IOCTL_ALLOC:
		heap = argument;
		int picture = memory(heap->len);

		if (picture < 0)
			return -1;
		heap->fd = (unsigned int)picture;
		return 0;
	case DMA_BUF_IOCTL_SYNC:
	case DMA_BUF_SET_NAME_A:
	case DMA_BUF_SET_NAME_B:
		return 0;
	default:
		return real(fd, request, argument);
	}
}
