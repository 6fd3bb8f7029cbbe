/* SPDX-License-Identifier: Apache-2.0 */
/* The context: parameters, their defaults, and the environment. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *environment(const char *given, const char *name) {
    const char *value = given ? given : getenv(name);
    return value ? value : "";
}

static char *cache_folder(oc_context *context, const char *given) {
    oc__string folder;
    oc__string_init(&folder, context);
    const char *set = given ? given : getenv("OCELLI_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (set)
        oc__string_append(&folder, set);
    else if (xdg && xdg[0] == '/')
        oc__string_printf(&folder, "%s/ocelli", xdg);
    else if (home && home[0] == '/')
        oc__string_printf(&folder, "%s/.cache/ocelli", home);
    char *copy = folder.failed ? NULL : oc__strdup(context, folder.text);
    oc__string_finish(&folder);
    return copy;
}

static bool init_lock(pthread_mutex_t *lock) {
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes))
        return false;
    /* Recursive: drivers are loaded, which allocates, under it. */
    bool done = !pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) && !pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return done;
}

oc_status oc_context_create(oc_context **out, const oc_context_params *params, oc_error *err) {
    static const oc_context_params defaults;
    params = params ? params : &defaults;
    const oc_allocator *allocator = params->allocator ? params->allocator : &oc__default_allocator;
    if (!out || !allocator->allocate || !allocator->release)
        return oc__fail(NULL, err, OC_ERROR_INVALID, "oc_context_create: %s is NULL",
                        out ? "a function of the allocator" : "out");
    oc_context *context = allocator->allocate(allocator->user, sizeof *context, 64);
    if (!context)
        return oc__fail_memory(NULL, err, sizeof *context);
    memset(context, 0, sizeof *context);
    context->allocator = *allocator;
    if (params->log)
        context->log = *params->log;
    if (!init_lock(&context->lock)) {
        allocator->release(allocator->user, context, sizeof *context);
        return oc__fail(NULL, err, OC_ERROR_MEMORY, "oc_context_create: a mutex could not be made");
    }
    context->host_limit = params->host_limit;
    context->device_limit = params->device_limit;
    context->cache_limit = params->cache_limit ? params->cache_limit : (uint64_t)512 << 20;
    context->owner_process = (long)getpid();
    context->cache_folder = cache_folder(context, params->cache_folder);
    context->mask = oc__strdup(context, environment(params->mask, "OCELLI_MASK"));
    context->kernels = oc__strdup(context, environment(params->kernels, "OCELLI_KERNELS"));
    context->disable = oc__strdup(context, environment(params->disable, "OCELLI_DISABLE"));
    context->opencl = oc__strdup(context, environment(NULL, "OCELLI_OPENCL"));
    if (!context->cache_folder || !context->mask || !context->kernels || !context->disable || !context->opencl) {
        oc_status status = oc__fail_memory(context, err, 64);
        oc_context_destroy(&context);
        return status;
    }
    *out = context;
    return OC_OK;
}

void oc_context_destroy(oc_context **handle) {
    if (!handle || !*handle)
        return;
    oc_context *context = *handle;
    *handle = NULL;
    if (context->drivers && context->drivers_destroy)
        context->drivers_destroy(context);
    oc__free(context, context->cache_folder);
    oc__free(context, context->mask);
    oc__free(context, context->kernels);
    oc__free(context, context->disable);
    oc__free(context, context->opencl);
    pthread_mutex_destroy(&context->lock);
    oc_allocator allocator = context->allocator;
    allocator.release(allocator.user, context, sizeof *context);
}

const char *oc_context_cache_folder(const oc_context *context) {
    return context->cache_folder;
}
