/* Makes Mesa's noop kernel of Adreno GPUs say that it is an Adreno 650, the one of Quest 2.
 *
 * Preloaded before libfreedreno_noop_drm_shim.so, it stands between the driver and that library's ioctl. The noop
 * kernel knows other GPUs only, and forgets which points of a timeline a submit promised: it never waits and never
 * signals, so here every promise is kept at once. One GPU, one process, no errors: whatever fails below fails above.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* Of Linux's uapi/drm/msm_drm.h and drm.h. */
struct get_param { uint32_t pipe, param; uint64_t value; uint32_t len, pad; };
struct submit {
    uint32_t flags, fence, buffer_count, command_count;
    uint64_t buffers, commands;
    int32_t fence_fd;
    uint32_t queue;
    uint64_t in_syncobjs, out_syncobjs;
    uint32_t in_count, out_count, syncobj_stride, pad;
};
struct submit_syncobj { uint32_t handle, flags; uint64_t point; };
struct timeline { uint64_t handles, points; uint32_t count, flags; };

enum { GET_PARAM = 0x40, SUBMIT = 0x46, TIMELINE_QUERY = 0xcb };
enum { GPU_ID = 1, GMEM_BYTES = 2, CHIP_ID = 3, RAYTRACING = 0x11 };
enum { SYNCOBJS = 1 << 16 };

/* The last point that was promised, by handle. */
static uint64_t promised[SYNCOBJS];

static void identify(struct get_param *asked) {
    switch (asked->param) {
    case GPU_ID: asked->value = 650; break;
    case GMEM_BYTES: asked->value = 0x120000; break; /* 1 MiB and 128 KiB */
    case CHIP_ID: asked->value = 0x06050002; break;
    case RAYTRACING: asked->value = 0; break;
    }
}

static void promise(const struct submit *submit) {
    for (uint32_t i = 0; i < submit->out_count; i++) {
        uintptr_t at = (uintptr_t)submit->out_syncobjs + (uintptr_t)i * submit->syncobj_stride;
        const struct submit_syncobj *out = (const struct submit_syncobj *)at;
        uint64_t *last = &promised[out->handle % SYNCOBJS];
        if (out->point > *last) *last = out->point;
    }
}

static void keep_promises(const struct timeline *asked) {
    const uint32_t *handles = (const uint32_t *)(uintptr_t)asked->handles;
    uint64_t *points = (uint64_t *)(uintptr_t)asked->points;
    for (uint32_t i = 0; i < asked->count; i++) points[i] = promised[handles[i] % SYNCOBJS];
}

int ioctl(int file, unsigned long request, ...) {
    static int (*next)(int, unsigned long, void *);
    if (!next) next = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    int result = next(file, request, argument);
    if (result != 0 || _IOC_TYPE(request) != 'd') return result;
    if (_IOC_NR(request) == GET_PARAM && _IOC_SIZE(request) == sizeof(struct get_param)) identify(argument);
    if (_IOC_NR(request) == SUBMIT && _IOC_SIZE(request) == sizeof(struct submit)) promise(argument);
    if (_IOC_NR(request) == TIMELINE_QUERY && _IOC_SIZE(request) == sizeof(struct timeline)) keep_promises(argument);
    return result;
}
