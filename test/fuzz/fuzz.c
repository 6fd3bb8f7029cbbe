/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/cl.h"

static oc_context *context;
static char folder[100], path[120];
static size_t kept; /* by the context itself */

static void remove_files(const char *name) {
    char inner[512];
    DIR *open = opendir(name);
    for (struct dirent *at = open ? readdir(open) : NULL; at; at = readdir(open)) {
        snprintf(inner, sizeof(inner), "%s/%s", name, at->d_name);
        if (at->d_name[0] != '.' && unlink(inner) != 0)
            remove_files(inner);
    }
    if (open)
        closedir(open);
    rmdir(name);
}

static void clean_up(void) {
    remove_files(folder);
}

const char *fuzz_folder(void) {
    if (folder[0])
        return folder;
    snprintf(folder, sizeof(folder), "%s/ocelli-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_check(mkdtemp(folder) != NULL, "no folder");
    snprintf(path, sizeof(path), "%s/file", folder);
    atexit(clean_up);
    return folder;
}

oc_context *fuzz_context(void) {
    oc_error err = {0};
    const oc_context_params params = {.cache_folder = fuzz_folder(), .host_limit = (size_t)1 << 28, .mask = ""};
    if (context)
        return context;
    fuzz_check(oc_context_create(&context, &params, &err) == OC_OK, "no context");
    kept = context->host_used;
    return context;
}

void fuzz_check(bool right, const char *what) {
    if (right)
        return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

void fuzz_result(oc_status status, const oc_error *err, bool result) {
    fuzz_check((status == OC_OK) == result, "status and result do not agree");
    fuzz_check(status == OC_OK || err->text[0] != 0, "a failure without a sentence");
    fuzz_check(status != OC_ERROR_INTERNAL, "a bug is said to be in the library");
}

void fuzz_memory(void) {
    fuzz_check(context->host_used == kept, "memory was not given back");
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    fuzz_folder();
    FILE *file = fopen(path, "wb");
    fuzz_check(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "no file");
    return path;
}

char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    fuzz_check(text != NULL, "no memory");
    memcpy(text, data, size);
    text[size] = 0;
    return text;
}

oc_device *fuzz_device(void) {
    static oc__drivers none;
    static const oc_device_info info = {.id = "0:0", .name = "a device", .platform = "a platform", .version = "OpenCL 1.2",
                                        .driver = "1", .type = OC_DEVICE_CPU, .compute_units = 4, .max_work_group = 64,
                                        .local_mem = 32768, .max_alloc = 1 << 28, .global_mem = 1 << 30, .address_bits = 64};
    oc_error err = {0};
    oc_device *device = NULL;
    fuzz_context()->drivers = &none;
    fuzz_check(oc__device_new(&device, context, &info, &err) == OC_OK, "no device");
    device->key = oc__strdup(context, "a device");
    fuzz_check(device->key != NULL, "no device");
    return device;
}

#ifndef OC_LIBFUZZER
static int count;

static void run_file(const char *name) {
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        printf("skipped: %s cannot be read\n", name);
        return;
    }
    long size = ftell(file);
    uint8_t *data = malloc((size_t)(size > 0 ? size : 1));
    rewind(file);
    if (data == NULL || size < 0 || fread(data, 1, (size_t)size, file) != (size_t)size)
        exit(1);
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    count++;
}

/* All files of a folder that end so (NULL: all), and files. */
static void run_path(const char *name, const char *ending) {
    DIR *open = opendir(name);
    if (open == NULL) {
        run_file(name);
        return;
    }
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        char inner[4096];
        snprintf(inner, sizeof(inner), "%s/%s", name, entry->d_name);
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && (entry->d_type == DT_DIR || ending == NULL || (dot != NULL && strcmp(dot, ending) == 0)))
            run_path(inner, ending);
    }
    closedir(open);
}

/* An argument that begins with a dot is the ending of files in folders. */
int main(int argc, char **argv) {
    const char *ending = NULL;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '.' && strchr(argv[i], '/') == NULL)
            ending = argv[i];
        else
            run_path(argv[i], ending);
    }
    printf("%d files\n", count);
    if (context && !context->drivers_destroy)
        context->drivers = NULL;
    oc_context_destroy(&context);
    return count > 0 ? 0 : 77; /* skipped */
}
#endif
