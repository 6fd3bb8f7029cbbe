/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of buffers on devices that compute in the host's: from large pages, where the system has them. A CPU that has fewer pages
 * to look up takes 2 to 8 % less for a network. It is the process's, since a driver may give it back after its device is closed. */
#include "device/cl.h"

#include <stdint.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)
#define LARGE ((size_t)2 << 20)
#define CHUNK ((size_t)32 << 20)

/* Pages that begin with their own list: at a run's first page twice its length, and one if it is used. */
typedef struct chunk {
    struct chunk *next;
    size_t pages, used;
    uint32_t run[];
} chunk;

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static chunk *pool;

static size_t pages_of(size_t bytes) {
    return (bytes + PAGE - 1) / PAGE;
}

/* Of whole large pages, and at such an address. */
static void *map_large(size_t bytes) {
    uint8_t *all = mmap(NULL, bytes + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    size_t before = (LARGE - (uintptr_t)all % LARGE) % LARGE;
    if (before > 0)
        munmap(all, before);
    munmap(all + before + bytes, LARGE - before);
#ifdef MADV_HUGEPAGE
    madvise(all + before, bytes, MADV_HUGEPAGE);
#endif
    return all + before;
}

static chunk *add_chunk(size_t pages) {
    size_t list = pages_of(sizeof(chunk) + (pages + CHUNK / PAGE) * 2 * sizeof(uint32_t));
    size_t bytes = OC_MAX(((pages + list) * PAGE + LARGE - 1) / LARGE * LARGE, CHUNK);
    chunk *new = pages < UINT32_MAX / 4 ? map_large(bytes) : NULL;
    if (!new)
        return NULL;
    new->pages = bytes / PAGE;
    new->run[0] = (uint32_t)list * 2 + 1;
    new->run[list] = (uint32_t)(new->pages - list) * 2;
    new->next = pool;
    pool = new;
    return new;
}

/* The first free run that is long enough; those that follow each other become one. */
static void *take_from(chunk *from, size_t pages) {
    for (size_t at = 0; at < from->pages; at += from->run[at] / 2) {
        size_t length = from->run[at] / 2;
        if (from->run[at] & 1)
            continue;
        while (at + length < from->pages && !(from->run[at + length] & 1))
            length += from->run[at + length] / 2;
        from->run[at] = (uint32_t)length * 2;
        if (length < pages)
            continue;
        if (length > pages)
            from->run[at + pages] = (uint32_t)(length - pages) * 2;
        from->run[at] = (uint32_t)pages * 2 + 1;
        from->used += pages;
        return (uint8_t *)from + at * PAGE;
    }
    return NULL;
}

static void *take(size_t bytes) {
    size_t pages = pages_of(bytes);
    void *found = NULL;
    pthread_mutex_lock(&pool_lock);
    for (chunk *at = pool; at && !found; at = at->next)
        found = at->pages - at->used >= pages ? take_from(at, pages) : NULL;
    chunk *added = found ? NULL : add_chunk(pages);
    if (added)
        found = take_from(added, pages);
    pthread_mutex_unlock(&pool_lock);
    return found;
}

/* Large pages that lie in it go back to the system. */
static void forget(uint8_t *start, size_t bytes) {
    size_t before = (LARGE - (uintptr_t)start % LARGE) % LARGE;
    if (bytes >= before + LARGE)
        madvise(start + before, (bytes - before) / LARGE * LARGE, MADV_DONTNEED);
}

static void give(void *memory) {
    pthread_mutex_lock(&pool_lock);
    chunk **link = &pool;
    while ((uint8_t *)memory < (uint8_t *)*link || (uint8_t *)memory >= (uint8_t *)*link + (*link)->pages * PAGE)
        link = &(*link)->next;
    chunk *of = *link;
    uint32_t *run = &of->run[(size_t)((uint8_t *)memory - (uint8_t *)of) / PAGE];
    *run -= 1;
    of->used -= *run / 2;
    if (of->used == 0) {
        *link = of->next;
        munmap(of, of->pages * PAGE);
    } else {
        forget(memory, *run / 2 * PAGE);
    }
    pthread_mutex_unlock(&pool_lock);
}

/* Takes the memory back if it fails. */
static cl_mem wrap(const oc_device *device, size_t size, void *memory) {
    cl_int code = CL_SUCCESS;
    cl_mem handle = device->cl->clCreateBuffer(device->cl_context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, size, memory, &code);
    if (!handle)
        give(memory);
    return handle;
}

static void CL_CALLBACK give_back(cl_mem handle, void *memory) {
    (void)handle;
    give(memory);
}

static cl_mem create(const oc_device *device, size_t size) {
    void *memory = take(size);
    cl_mem handle = memory ? wrap(device, size, memory) : NULL;
    if (!handle || device->cl->clSetMemObjectDestructorCallback(handle, give_back, memory) == CL_SUCCESS)
        return handle;
    device->cl->clReleaseMemObject(handle); /* new: no command holds it */
    give(memory);
    return NULL;
}

/* Whether what the device writes is in the host's memory at once. */
static bool try_device(oc_device *device) {
    const oc__cl *cl = device->cl;
    const uint32_t sign = 0x5a01a502;
    uint32_t found = 0, *memory = take(PAGE);
    cl_mem handle = NULL;
    if (memory) {
        *memory = 0;
        handle = wrap(device, PAGE, memory);
    }
    if (!handle)
        return false;
    if (oc__queue_enter(device->queue, NULL) == OC_OK) {
        cl_command_queue queue = device->queue->handle;
        cl_int code = cl->clEnqueueFillBuffer(queue, handle, &sign, sizeof sign, 0, PAGE, 0, NULL, NULL);
        if (code == CL_SUCCESS && cl->clFinish(queue) == CL_SUCCESS)
            found = *memory;
        oc__queue_leave(device->queue);
    }
    cl->clReleaseMemObject(handle);
    give(memory);
    return found == sign;
}

cl_mem oc__pages_buffer(oc_device *device, uint64_t size) {
    if (size < PAGE || size > SIZE_MAX / 2 || device->info.type != OC_DEVICE_CPU || !device->info.unified_memory)
        return NULL;
    pthread_mutex_lock(&device->lock);
    int known = device->host_pages;
    pthread_mutex_unlock(&device->lock);
    if (known == 0) {
        known = try_device(device) ? 1 : -1;
        pthread_mutex_lock(&device->lock);
        device->host_pages = known;
        pthread_mutex_unlock(&device->lock);
    }
    return known > 0 ? create(device, (size_t)size) : NULL;
}

uint64_t oc__pages_held(void) {
    uint64_t bytes = 0;
    pthread_mutex_lock(&pool_lock);
    for (const chunk *at = pool; at; at = at->next)
        bytes += at->pages * PAGE;
    pthread_mutex_unlock(&pool_lock);
    return bytes;
}
