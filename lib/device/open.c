/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing devices; the cl_context that a platform's devices share. */
#include "device/cl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of all of the platform's devices; where a driver refuses that, of one. */
static cl_context make_context(oc_context *context, const oc__found *found, size_t count, const oc__found *wanted, bool *alone,
                               cl_int *code) {
    const oc__cl *cl = &context->drivers->cl;
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)wanted->platform, 0};
    cl_device_id *handles = oc__alloc_array(context, count, sizeof *handles);
    cl_uint n = 0;
    cl_context handle = NULL;
    *alone = false;
    for (size_t i = 0; handles && i < count; i++)
        if (found[i].platform == wanted->platform)
            handles[n++] = found[i].handle;
    if (n > 0)
        handle = cl->clCreateContext(properties, n, handles, NULL, NULL, code);
    oc__free(context, handles);
    if (handle || n == 1)
        return handle;
    *alone = true;
    return cl->clCreateContext(properties, 1, &wanted->handle, NULL, NULL, code);
}

static oc_status acquire(oc_context *context, const oc__found *found, size_t count, const oc__found *wanted, oc__shared **out,
                         oc_error *err) {
    oc__drivers *drivers = context->drivers;
    for (oc__shared *at = drivers->shared; at; at = at->next)
        if (at->platform == wanted->platform && !at->alone) {
            at->users++;
            *out = at;
            return OC_OK;
        }
    oc__shared *shared = oc__alloc(context, sizeof *shared);
    if (!shared)
        return oc__fail_memory(context, err, sizeof *shared);
    cl_int code = CL_OUT_OF_HOST_MEMORY;
    shared->handle = make_context(context, found, count, wanted, &shared->alone, &code);
    if (!shared->handle) {
        oc__free(context, shared);
        return oc__fail_cl(context, err, wanted->info.name, "clCreateContext", code);
    }
    shared->platform = wanted->platform;
    shared->users = 1;
    shared->next = drivers->shared;
    drivers->shared = shared;
    *out = shared;
    return OC_OK;
}

static void release(oc_context *context, oc__shared *shared) {
    pthread_mutex_lock(&context->lock);
    if (--shared->users == 0) {
        oc__shared **link = &context->drivers->shared;
        while (*link != shared)
            link = &(*link)->next;
        *link = shared->next;
        context->drivers->cl.clReleaseContext(shared->handle);
        oc__free(context, shared);
    }
    pthread_mutex_unlock(&context->lock);
}

oc_status oc__device_new(oc_device **out, oc_context *context, const oc_device_info *info, oc_error *err) {
    oc_device *device = oc__alloc(context, sizeof *device);
    if (!device)
        return oc__fail_memory(context, err, sizeof *device);
    device->context = context;
    device->cl = &context->drivers->cl;
    device->info = *info;
    device->limit = context->device_limit ? context->device_limit : info->global_mem;
    pthread_mutex_init(&device->lock, NULL);
    pthread_mutex_init(&device->build_lock, NULL);
    pthread_mutex_init(&device->launch_lock, NULL);
    *out = device;
    return OC_OK;
}

static char *make_key(oc_device *device) {
    oc__string key;
    oc__string_init(&key, device->context);
    oc__string_printf(&key, "%s|%s|%s", device->info.platform, device->info.name, device->info.driver);
    if (device->info.type == OC_DEVICE_CPU) {
        oc__string_append(&key, "|");
        oc__host_cpu(&key);
    }
    char *copy = key.failed ? NULL : oc__strdup(device->context, key.text);
    oc__string_finish(&key);
    return copy;
}

/* PoCL keeps what it compiles, and compiles every kernel for nothing when it is asked for a binary. */
static void know_driver(oc_device *device) {
    bool pocl = strcmp(device->info.platform, "Portable Computing Language") == 0;
    const char *kept = getenv("POCL_KERNEL_CACHE");
    device->keeps_programs = pocl && !(kept && strcmp(kept, "0") == 0);
    device->lean_headers = pocl;
    device->doubles_local = oc__has_bug(&device->info, "rusticl_local_size");
    device->shares_programs = !oc__has_bug(&device->info, "pocl_two_threads");
    device->one_launch = !device->shares_programs && strncmp(device->info.name, "basic", 5) == 0;
    device->ends_launch = oc__has_bug(&device->info, "oclgrind_two_threads");
    device->one_launch |= device->ends_launch;
}

/* What a mask takes away, programs shall not find. */
static oc_status know_mask(oc_device *device, oc_error *err) {
    char reason[256];
    oc_device_info *real = oc__alloc(device->context, sizeof *real);
    if (!real)
        return oc__fail_memory(device->context, err, sizeof *real);
    oc_status status = oc__info_read(device->context, device->handle, real, reason, err);
    device->hides_fp16 = real->fp16 && !device->info.fp16;
    device->hides_fp64 = real->fp64 && !device->info.fp64;
    oc__free(device->context, real);
    return status;
}

oc_status oc__device_start(oc_device *device, cl_command_queue queue, oc_error *err) {
    oc__caps_read(device);
    know_driver(device);
    if (device->context->mask[0])
        OC_TRY(know_mask(device, err));
    device->key = make_key(device);
    if (!device->key)
        return oc__fail_memory(device->context, err, 256);
    if (queue)
        OC_TRY(oc__queue_wrap(&device->queue, device, queue, true, err));
    else
        OC_TRY(oc__queue_create(&device->queue, device, false, err));
    device->queue->locked = true;
    oc__caps_probe(device);
    oc__log(device->context, OC_LOG_DEBUG, "opened OpenCL device %s: %s (%s)", device->info.id, device->info.name,
            device->info.platform);
    return OC_OK;
}

static oc_status open_one(oc_device **out, oc_context *context, const oc__found *found, size_t count, const oc__found *wanted,
                          oc_error *err) {
    oc_device *device;
    OC_TRY(oc__device_new(&device, context, &wanted->info, err));
    device->platform = wanted->platform;
    device->handle = wanted->handle;
    pthread_mutex_lock(&context->lock);
    oc_status status = acquire(context, found, count, wanted, &device->shared, err);
    pthread_mutex_unlock(&context->lock);
    if (status == OC_OK) {
        device->cl_context = device->shared->handle;
        status = oc__device_start(device, NULL, err);
    }
    if (status != OC_OK)
        oc_device_destroy(&device);
    else
        *out = device;
    return status;
}

oc_status oc_device_create(oc_device **out, oc_context *context, const char *selection, oc_error *err) {
    if (!out || !context)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_device_create: out or context is NULL");
    oc__found *found;
    size_t count, *picks, pick_count;
    OC_TRY(oc__found_list(context, &found, &count, err));
    oc_status status = oc__select(context, found, count, selection, &picks, &pick_count, err);
    if (status == OC_OK) {
        status = open_one(out, context, found, count, &found[picks[0]], err);
        oc__free(context, picks);
    }
    oc__free(context, found);
    return status;
}

static oc_status open_list(oc_device **devices, size_t capacity, oc_context *context, const oc__found *found, size_t count,
                           const size_t *picks, size_t pick_count, oc_error *err) {
    if (pick_count > capacity)
        return oc__fail(context, err, OC_ERROR_LIMIT, "the selection names %zu devices, and there is room for %zu", pick_count,
                        capacity);
    oc_device **opened = oc__alloc_array(context, pick_count, sizeof *opened);
    if (!opened)
        return oc__fail_memory(context, err, pick_count * sizeof *opened);
    oc_status status = OC_OK;
    size_t done = 0;
    while (done < pick_count && status == OC_OK) {
        status = open_one(&opened[done], context, found, count, &found[picks[done]], err);
        done += status == OC_OK;
    }
    for (size_t i = 0; i < done; i++) {
        if (status == OC_OK)
            devices[i] = opened[i];
        else
            oc_device_destroy(&opened[i]);
    }
    oc__free(context, opened);
    return status;
}

oc_status oc_device_create_list(oc_device **devices, size_t capacity, size_t *count, oc_context *context, const char *selection,
                                oc_error *err) {
    if (!context || !devices || !count)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_device_create_list: devices, count or context is NULL");
    oc__found *found;
    size_t total, *picks, pick_count;
    OC_TRY(oc__found_list(context, &found, &total, err));
    oc_status status = oc__select(context, found, total, selection, &picks, &pick_count, err);
    if (status == OC_OK) {
        status = open_list(devices, capacity, context, found, total, picks, pick_count, err);
        oc__free(context, picks);
        if (status == OC_OK)
            *count = pick_count;
    }
    oc__free(context, found);
    return status;
}

static void free_notes(oc_device *device) {
    for (size_t i = 0; i < OC_NOTE_LISTS; i++)
        for (oc__note *note = device->notes[i], *next; note; note = next) {
            next = note->next;
            oc__free(device->context, note->key);
            oc__free(device->context, note->value);
            oc__free(device->context, note);
        }
}

static void free_programs(oc_device *device) {
    while (device->programs) {
        oc__program *next = device->programs->next;
        if (device->programs->handle)
            device->cl->clReleaseProgram(device->programs->handle);
        oc__free(device->context, device->programs->text);
        oc__free(device->context, device->programs->file);
        oc__free(device->context, device->programs);
        device->programs = next;
    }
}

void oc_device_destroy(oc_device **handle) {
    if (!handle || !*handle)
        return;
    oc_device *device = *handle;
    oc_context *context = device->context;
    *handle = NULL;
    oc__queue_destroy(&device->queue);
    free_programs(device);
    free_notes(device);
    if (device->shared)
        release(context, device->shared);
    else if (device->cl_context)
        device->cl->clReleaseContext(device->cl_context);
    pthread_mutex_destroy(&device->lock);
    pthread_mutex_destroy(&device->build_lock);
    pthread_mutex_destroy(&device->launch_lock);
    oc__free(context, device->key);
    oc__free(context, device);
}

oc_status oc__device_check(oc_device *device, oc_error *err) {
    long process = (long)getpid();
    if (process == device->context->owner_process)
        return OC_OK;
    return oc__fail(device->context, err, OC_ERROR_FORKED,
                    "process %ld was forked from %ld: OpenCL devices of the parent cannot be used", process,
                    device->context->owner_process);
}
