/* SPDX-License-Identifier: Apache-2.0 */
/* The disk cache where others have a hand in it: damage at each byte, a full disk, other versions of a driver, a driver that refuses its
 * own binaries, eight processes at once. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/cl.h"
#include "kit/faults.h"
#include "kit/kit.h"

#define PROCESSES 8
#define PROGRAMS 2

extern char **environ;
static oc_error err;
static oc__cl honest;

/* What a device that is opened for it does for a program: builds from source, loads a binary. */
typedef struct effort {
    uint64_t sources, binaries;
} effort;

static effort get_program(kit *k, int number) {
    char defines[40];
    oc__program *program;
    uint64_t sources = faults_calls("clCreateProgramWithSource"), binaries = faults_calls("clCreateProgramWithBinary");
    if (k->device)
        oc_device_destroy(&k->device);
    if (!faults_install(k->context)) {
        kit_open(k); /* there is no OpenCL: the test is skipped */
        fail();
    }
    kit_open(k);
    k->device->keeps_programs = false; /* the driver's own cache does not take the place of ours */
    snprintf(defines, sizeof(defines), "#define SHARED %d", number);
    KIT_OK(oc__program_get(&program, k->device, "fill.cl", defines, &err), &err);
    return (effort){faults_calls("clCreateProgramWithSource") - sources, faults_calls("clCreateProgramWithBinary") - binaries};
}

#define EXPECT(effort_, sources_, binaries_) \
    do { \
        effort made = effort_; \
        assert_int_equal(made.sources, sources_); \
        assert_int_equal(made.binaries, binaries_); \
    } while (0)

static size_t count_files(const char *folder, const char *part) {
    size_t count = 0;
    DIR *open = opendir(folder);
    for (struct dirent *at = open ? readdir(open) : NULL; at; at = readdir(open))
        count += strstr(at->d_name, part) != NULL;
    if (open)
        closedir(open);
    return count;
}

/* The one file whose name begins so. */
static void find_file(const kit *k, const char *begin, char path[700]) {
    path[0] = 0;
    DIR *folder = opendir(k->cache);
    assert_non_null(folder);
    for (struct dirent *at = readdir(folder); at; at = readdir(folder))
        if (!strncmp(at->d_name, begin, strlen(begin)))
            snprintf(path, 700, "%s/%s", k->cache, at->d_name);
    closedir(folder);
    assert_string_not_equal(path, "");
}

/* Every bit flipped, every length cut: never anything but what was put in. */
static void test_every_byte(void **state) {
    (void)state;
    static const char text[] = "what was kept";
    kit k;
    oc__string out;
    char path[700];
    uint8_t whole[256], damaged[256];
    kit_init(&k, NULL);
    oc__string_init(&out, NULL);
    oc__cache_put(k.context, "test", "a key", text, sizeof(text));
    find_file(&k, "test-", path);
    FILE *file = fopen(path, "rb");
    size_t size = fread(whole, 1, sizeof(whole), file);
    fclose(file);
    assert_in_range(size, 50, 200);
    for (size_t at = 0; at < 9 * size; at++) {
        size_t length = at < 8 * size ? size : at - 8 * size;
        memcpy(damaged, whole, size);
        if (at < 8 * size)
            damaged[at / 8] ^= (uint8_t)(1 << at % 8);
        file = fopen(path, "wb");
        fwrite(damaged, 1, length, file);
        fclose(file);
        kit_log_clear(&k);
        assert_false(oc__cache_get(k.context, "test", "a key", &out));
        assert_true(kit_logged(&k, "is not used"));
        assert_int_equal(out.size, 0);
    }
    oc__cache_put(k.context, "test", "a key", text, sizeof(text));
    assert_true(oc__cache_get(k.context, "test", "a key", &out));
    assert_memory_equal(out.text, text, sizeof(text));
    oc__string_finish(&out);
    kit_finish(&k);
}

/* As on a full disk, a write ends in the midst: what was there stays, nothing else lies about. */
static void test_full_disk(void **state) {
    (void)state;
    static const char large[4096];
    kit k;
    struct rlimit before;
    oc__string out;
    oc__mapping file;
    kit_init(&k, NULL);
    oc__string_init(&out, NULL);
    oc__cache_put(k.context, "test", "first", "small", 5);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "file"), "small", 5, &err), &err);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){300, before.rlim_max}), 0);
    oc__cache_put(k.context, "test", "first", large, sizeof(large));
    oc__cache_put(k.context, "test", "second", large, sizeof(large));
    oc_status status = oc__file_write(k.context, kit_path(&k, "file"), large, sizeof(large), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    KIT_FAILS(OC_ERROR_IO, "cannot write", status, &err);
    assert_int_equal(err.native, EFBIG);
    KIT_OK(oc__file_map(k.context, kit_path(&k, "file"), &file, &err), &err);
    assert_int_equal(file.size, 5);
    oc__file_unmap(k.context, &file);
    assert_true(kit_logged(&k, "cannot be written (error 27)"));
    assert_int_equal(k.warnings, 2);
    assert_true(oc__cache_get(k.context, "test", "first", &out));
    assert_int_equal(out.size, 5);
    assert_false(oc__cache_get(k.context, "test", "second", &out));
    assert_int_equal(count_files(k.folder, ".tmp-") + count_files(k.cache, ".tmp-"), 0);
    oc__string_finish(&out);
    kit_finish(&k);
}

static cl_int another_version(cl_device_id device, cl_device_info what, size_t size, void *out, size_t *got) {
    cl_int code = honest.clGetDeviceInfo(device, what, size, out, got);
    if (what == CL_DRIVER_VERSION && out && code == CL_SUCCESS)
        ((char *)out)[0]++;
    return code;
}

static void test_another_version(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    EXPECT(get_program(&k, 0), 1, 0);
    EXPECT(get_program(&k, 0), 0, 1);
    oc__cl *table = oc__cl_table(k.context);
    honest = *table;
    table->clGetDeviceInfo = another_version;
    EXPECT(get_program(&k, 0), 1, 0);
    EXPECT(get_program(&k, 0), 0, 1);
    assert_int_equal(count_files(k.cache, "program-"), 2);
    table->clGetDeviceInfo = honest.clGetDeviceInfo;
    EXPECT(get_program(&k, 0), 0, 1);
    assert_int_equal(k.warnings, 0);
    kit_finish(&k);
}

static cl_int refusal;
static unsigned refusals;
static cl_program refuse(cl_context context, cl_uint n, const cl_device_id *devices, const size_t *sizes, const unsigned char **data,
                         cl_int *accepted, cl_int *code) {
    (void)context, (void)n, (void)devices, (void)sizes, (void)data;
    refusals++;
    *accepted = *code = refusal;
    return NULL;
}

/* It is asked once, and never again; but for a shortage of memory, which passes. */
static void test_refused_for_good(void **state) {
    (void)state;
    kit k;
    for (int turn = 0; turn < 2; turn++) {
        kit_init(&k, NULL);
        refusal = turn ? CL_OUT_OF_HOST_MEMORY : CL_INVALID_BINARY;
        refusals = 0;
        EXPECT(get_program(&k, 0), 1, 0);
        oc__cl *table = oc__cl_table(k.context);
        honest = *table;
        table->clCreateProgramWithBinary = refuse;
        for (int again = 0; again < 3; again++)
            EXPECT(get_program(&k, 0), 1, 0);
        assert_int_equal(refusals, turn ? 3 : 1);
        assert_true(kit_logged(&k, turn ? "it is built again" : "it is built from source from now on"));
        assert_int_equal(k.warnings, turn ? 3 : 1);
        table->clCreateProgramWithBinary = honest.clCreateProgramWithBinary;
        EXPECT(get_program(&k, 0), turn ? 0 : 1, turn ? 1 : 0);
        assert_int_equal(k.errors, 0);
        kit_finish(&k);
    }
}

/* One of several processes: gets and keeps, with a clearing in between. */
static int child(const char *folder) {
    oc_error error;
    oc_context *context;
    oc_device *device;
    oc__program *program;
    char defines[40];
    if (oc_context_create(&context, &(oc_context_params){.cache_folder = folder}, &error) != OC_OK)
        return 1;
    for (int i = 0; i < 2 * PROGRAMS; i++) {
        snprintf(defines, sizeof(defines), "#define SHARED %d", i % PROGRAMS);
        if (oc_device_create(&device, context, NULL, &error) != OC_OK)
            return 2;
        device->keeps_programs = false;
        if (oc__program_get(&program, device, "fill.cl", defines, &error) != OC_OK)
            return 3;
        oc_device_destroy(&device);
        if (i == PROGRAMS - 1 && oc_context_cache_clear(context, &error) != OC_OK)
            return 4;
    }
    oc_context_destroy(&context);
    return 0;
}

static void test_processes(void **state) {
    (void)state;
    kit k;
    pid_t pids[PROCESSES];
    kit_init(&k, NULL);
    kit_open(&k); /* skipped without a device */
    kit_finish(&k);
    kit_init(&k, NULL);
    for (int i = 0; i < PROCESSES; i++) {
        char *const arguments[] = {"device_cache_shared", "--child", k.cache, NULL};
        assert_int_equal(posix_spawn(&pids[i], "/proc/self/exe", NULL, NULL, arguments, environ), 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_files(k.cache, ".tmp-"), 0);
    for (int i = 0; i < PROGRAMS; i++)
        EXPECT(get_program(&k, i), 0, 1);
    assert_int_equal(k.warnings, 0);
    kit_finish(&k);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--child"))
        return child(argv[2]);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_byte), cmocka_unit_test(test_full_disk),
                                       cmocka_unit_test(test_another_version), cmocka_unit_test(test_refused_for_good),
                                       cmocka_unit_test(test_processes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
