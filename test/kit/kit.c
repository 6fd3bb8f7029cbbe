/* SPDX-License-Identifier: Apache-2.0 */
/* See kit.h. */
#include "kit/kit.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/device.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void collect(void *user, oc_log_level level, const char *text) {
    kit *k = user;
    size_t size = strlen(text);
    pthread_mutex_lock(&log_lock);
    k->warnings += level == OC_LOG_WARNING;
    k->errors += level == OC_LOG_ERROR;
    if (size + 2 < sizeof k->log) {
        if (k->log_size + size + 2 > sizeof k->log)
            k->log_size = 0;
        memcpy(k->log + k->log_size, text, size);
        k->log_size += size;
        k->log[k->log_size++] = '\n';
        k->log[k->log_size] = '\0';
    }
    pthread_mutex_unlock(&log_lock);
    if (getenv("OCELLI_TEST_LOG"))
        fprintf(stderr, "log %d: %s\n", (int)level, text);
}

void kit_init(kit *k, const oc_context_params *given) {
    oc_error err = {OC_OK, 0, ""};
    oc_context_params params = given ? *given : (oc_context_params){0};
    oc_log log = {OC_LOG_DEBUG, collect, k};
    const char *base = getenv("TMPDIR");
    memset(k, 0, sizeof *k);
    snprintf(k->folder, sizeof k->folder, "%s/ocelli-test-XXXXXX", base && strlen(base) < 200 ? base : "/tmp");
    assert_non_null(mkdtemp(k->folder));
    snprintf(k->cache, sizeof k->cache, "%s/cache", k->folder);
    params.log = &log;
    if (!params.cache_folder)
        params.cache_folder = k->cache;
    KIT_OK(oc_context_create(&k->context, &params, &err), &err);
}

oc_device *kit_open(kit *k) {
    oc_error err = {OC_OK, 0, ""};
    oc_status status = oc_device_create(&k->device, k->context, NULL, &err);
    if (status == OC_ERROR_NO_DEVICE) {
        print_message("skipped: %s\n", err.text);
        kit_finish(k);
        skip();
    }
    KIT_OK(status, &err);
    return k->device;
}

static void remove_folder(const char *folder) {
    char path[600];
    struct stat info;
    DIR *open = opendir(folder);
    struct dirent *at;
    while (open && (at = readdir(open))) {
        if (strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, at->d_name);
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            chmod(path, 0700);
            remove_folder(path);
        } else {
            unlink(path);
        }
    }
    if (open)
        closedir(open);
    rmdir(folder);
}

/* What oc_context_create keeps: strings alone, which destroy gives back. */
static size_t left_over(const oc_context *context) {
    size_t kept = 0;
    const char *const texts[] = {context->cache_folder, context->mask, context->kernels, context->disable, context->opencl};
    for (size_t i = 0; i < OC_COUNT(texts); i++)
        kept += texts[i] ? strlen(texts[i]) + 1 + 16 : 0; /* the allocator's own head */
    return context->host_used - kept;
}

void kit_finish(kit *k) {
    if (k->device) {
        uint64_t used = 0;
        oc__device_usage(k->device, &used, NULL);
        assert_int_equal(used, 0);
        oc_device_destroy(&k->device);
    }
    if (k->context->drivers) {
        k->context->drivers_destroy(k->context);
        k->context->drivers = NULL;
    }
    assert_int_equal(left_over(k->context), 0);
    oc_context_destroy(&k->context);
    remove_folder(k->folder);
}

bool kit_logged(const kit *k, const char *part) {
    return strstr(k->log, part) != NULL;
}

void kit_log_clear(kit *k) {
    k->log[0] = '\0';
    k->log_size = 0;
    k->warnings = k->errors = 0;
}

const char *kit_path(kit *k, const char *name) {
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", k->folder, name);
    return path;
}

static void *count_allocate(void *user, size_t size, size_t alignment) {
    kit_allocator *counts = user;
    void *memory = NULL;
    if (++counts->calls == counts->fail_at || posix_memalign(&memory, alignment, size))
        return NULL;
    counts->live += size;
    return memory;
}

static void count_release(void *user, void *memory, size_t size) {
    kit_allocator *counts = user;
    counts->live -= size;
    free(memory);
}

oc_allocator kit_allocator_get(kit_allocator *counts) {
    return (oc_allocator){count_allocate, count_release, counts};
}

void kit_read_state(kit *k, oc_state *state, const char *name, float *to, int64_t count) {
    oc_error err = {0};
    oc_tensor *tensor;
    oc_value_info info = oc_state_get_info(state, (size_t)oc_state_find(state, name));
    assert_int_equal(oc_shape_count(&info.shape), count);
    KIT_OK(oc_tensor_wrap(&tensor, k->context, OC_F32, &info.shape, to, &err), &err);
    KIT_OK(oc_state_read(state, name, tensor, &err), &err);
    oc_tensor_destroy(&tensor);
}

void kit_ok_(oc_status status, const oc_error *err, const char *file, int line) {
    if (status != OC_OK) {
        print_error("%s: %s\n", oc_status_name(status), err ? err->text : "");
        _fail(file, line);
    }
}

void kit_fails_(oc_status wanted, const char *part, oc_status status, const oc_error *err, const char *file, int line) {
    if (status != wanted || !err || err->status != wanted || !strstr(err->text, part)) {
        print_error("%s with '%s' was expected, got %s: %s\n", oc_status_name(wanted), part, oc_status_name(status),
                    err ? err->text : "");
        _fail(file, line);
    }
}

void kit_collect(void *text, const char *piece, size_t size) {
    size_t room = KIT_TEXT - 1 - strlen(text);
    strncat(text, piece, size < room ? size : room);
}
