/* SPDX-License-Identifier: Apache-2.0 */
/* Programs: in memory, on disk, and every fault of the disk cache. */
#include "kit/kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/cl.h"

static oc_error err;
static const oc__cl *real;
static unsigned builds, binaries;

static cl_program count_source(cl_context context, cl_uint n, const char **texts, const size_t *sizes, cl_int *code) {
    builds++;
    return real->clCreateProgramWithSource(context, n, texts, sizes, code);
}

static cl_program count_binary(cl_context context, cl_uint n, const cl_device_id *devices, const size_t *sizes,
                               const unsigned char **data, cl_int *status, cl_int *code) {
    binaries++;
    return real->clCreateProgramWithBinary(context, n, devices, sizes, data, status, code);
}

static cl_program refuse_binary(cl_context context, cl_uint n, const cl_device_id *devices, const size_t *sizes,
                                const unsigned char **data, cl_int *status, cl_int *code) {
    (void)context, (void)n, (void)devices, (void)sizes, (void)data;
    *status = CL_INVALID_BINARY;
    *code = CL_INVALID_BINARY;
    return NULL;
}

/* A fresh device in the kit's context, its builds counted; the table is the context's, so it stays replaced. */
static oc_device *reopen(kit *k) {
    static oc__cl kept;
    if (k->device)
        oc_device_destroy(&k->device);
    else
        real = NULL;
    oc_device *device = kit_open(k);
    oc__cl *cl = oc__cl_table(k->context);
    if (!real) {
        kept = *cl;
        real = &kept;
        cl->clCreateProgramWithSource = count_source;
        cl->clCreateProgramWithBinary = count_binary;
    }
    builds = binaries = 0;
    return device;
}

static void get(kit *k, unsigned want_builds, unsigned want_binaries) {
    oc__program *program, *again;
    oc__kernel *kernel;
    KIT_OK(oc__program_get(&program, k->device, "fill.cl", "#define CACHED 1", &err), &err);
    KIT_OK(oc__program_get(&again, k->device, "fill.cl", "#define CACHED 1", &err), &err);
    assert_ptr_equal(program, again);
    KIT_OK(oc__kernel_create(&kernel, program, "fill_value", &err), &err);
    oc__kernel_destroy(&kernel);
    assert_int_equal(builds, want_builds);
    assert_int_equal(binaries, want_binaries);
}

/* The one cache file; a buffer that the next call overwrites. */
static const char *entry(kit *k) {
    static char path[700];
    DIR *folder = opendir(k->cache);
    assert_non_null(folder);
    struct dirent *at;
    path[0] = '\0';
    while ((at = readdir(folder)))
        if (strncmp(at->d_name, "program-", 8) == 0) {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", k->cache, at->d_name);
        }
    closedir(folder);
    assert_string_not_equal(path, "");
    return path;
}

static void change(kit *k, long at, int flip, long cut) {
    oc__mapping file;
    KIT_OK(oc__file_map(k->context, entry(k), &file, &err), &err);
    size_t size = cut >= 0 ? (size_t)cut : (size_t)file.size;
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, file.data, size);
    if (flip)
        copy[at < 0 ? size - (size_t)-at : (size_t)at] ^= (uint8_t)flip;
    oc__file_unmap(k->context, &file);
    KIT_OK(oc__file_write(k->context, entry(k), copy, size, &err), &err);
    free(copy);
}

static void test_disk(void **state) {
    (void)state;
    kit k;
    uint64_t files, bytes;
    struct stat info;
    kit_init(&k, NULL);
    reopen(&k);
    get(&k, 1, 0);
    KIT_OK(oc_context_cache_size(k.context, &files, &bytes, &err), &err);
    assert_int_equal(files, 1);
    assert_true(bytes > 1000);
    assert_int_equal(stat(k.cache, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    reopen(&k);
    get(&k, 0, 1);
    assert_int_equal(k.warnings, 0);
    assert_int_equal(oc__device_program_count(k.device), 1);
    fclose(fopen(kit_path(&k, "cache/foreign.txt"), "w"));
    KIT_OK(oc_context_cache_clear(k.context, &err), &err);
    KIT_OK(oc_context_cache_size(k.context, &files, &bytes, &err), &err);
    assert_int_equal(files, 0);
    assert_int_equal(access(kit_path(&k, "cache/foreign.txt"), F_OK), 0);
    kit_finish(&k);
}

static void expect_rebuild(kit *k, const char *reason) {
    kit_log_clear(k);
    reopen(k);
    get(k, 1, 0);
    assert_true(kit_logged(k, reason));
    assert_int_equal(k->errors, 0);
    assert_int_equal(k->warnings, 1);
    reopen(k);
    get(k, 0, 1);
}

static void test_faults(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    reopen(&k);
    get(&k, 1, 0);
    change(&k, 0, 0, 0);
    expect_rebuild(&k, "cut short");
    change(&k, 0, 0, 20);
    expect_rebuild(&k, "cut short");
    change(&k, 0, 0, 500);
    expect_rebuild(&k, "cut short");
    change(&k, 3, 1, -1);
    expect_rebuild(&k, "another kind");
    change(&k, 9, 0x40, -1);
    expect_rebuild(&k, "cut short");
    change(&k, -7, 4, -1);
    expect_rebuild(&k, "checksum");
    change(&k, 60, 1, -1);
    expect_rebuild(&k, "checksum");
    kit_finish(&k);
}

static void test_foreign_key(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    oc__string out;
    oc__string_init(&out, NULL);
    oc__cache_put(k.context, "test", "key one", "data\0x", 6);
    oc__cache_put(k.context, "test", "key two", "other", 5);
    assert_true(oc__cache_get(k.context, "test", "key one", &out));
    assert_int_equal(out.size, 6);
    assert_memory_equal(out.text, "data\0x", 6);
    assert_false(oc__cache_get(k.context, "other", "key one", &out));
    /* A whole file in the place of another's, as after a collision of hashes. */
    char names[2][700];
    size_t count = 0;
    struct dirent *at;
    DIR *folder = opendir(k.cache);
    while ((at = readdir(folder)))
        if (at->d_name[0] != '.' && count < 2)
            snprintf(names[count++], sizeof names[0], "%s/%s", k.cache, at->d_name);
    closedir(folder);
    assert_int_equal(count, 2);
    assert_int_equal(rename(names[0], names[1]), 0);
    oc__string_finish(&out);
    assert_false(oc__cache_get(k.context, "test", "key one", &out));
    assert_false(oc__cache_get(k.context, "test", "key two", &out));
    assert_true(kit_logged(&k, "another key"));
    oc__string_finish(&out);
    kit_finish(&k);
}

static void test_refused_binary(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    reopen(&k);
    get(&k, 1, 0);
    reopen(&k);
    oc__cl_table(k.context)->clCreateProgramWithBinary = refuse_binary;
    get(&k, 1, 0);
    assert_true(kit_logged(&k, "refuses its cached binary (CL_INVALID_BINARY, -42)"));
    assert_int_equal(k.errors, 0);
    kit_finish(&k);
}

static void test_folders(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    assert_int_equal(mkdir(k.cache, 0777), 0);
    assert_int_equal(chmod(k.cache, 0777), 0);
    reopen(&k);
    get(&k, 1, 0);
    reopen(&k);
    get(&k, 1, 0);
    assert_true(kit_logged(&k, "others may write"));
    assert_int_equal(chmod(k.cache, 0500), 0); /* root may write all the same */
    reopen(&k);
    get(&k, 1, 0);
    assert_int_equal(k.errors, 0);
    kit_finish(&k);

    kit_init(&k, NULL);
    fclose(fopen(k.cache, "w"));
    reopen(&k);
    get(&k, 1, 0);
    assert_true(kit_logged(&k, "no folder"));
    unlink(k.cache);
    kit_finish(&k);

    kit_init(&k, &(oc_context_params){.cache_folder = "/proc/nowhere/cache"});
    reopen(&k);
    get(&k, 1, 0);
    assert_true(kit_logged(&k, "cannot be created"));
    assert_int_equal(k.errors, 0);
    kit_finish(&k);

    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    uint64_t files;
    reopen(&k);
    get(&k, 1, 0);
    KIT_OK(oc_context_cache_size(k.context, &files, NULL, &err), &err);
    assert_int_equal(files, 0);
    KIT_OK(oc_context_cache_clear(k.context, &err), &err);
    assert_int_equal(k.warnings, 0);
    kit_finish(&k);
}

static void test_size_cap(void **state) {
    (void)state;
    kit k;
    oc__string out;
    static char data[1000];
    char key[20];
    uint64_t files, bytes;
    kit_init(&k, &(oc_context_params){.cache_limit = 5500});
    oc__string_init(&out, NULL);
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "key %d", i);
        oc__cache_put(k.context, "test", key, data, sizeof data);
        if (i >= 1)
            assert_true(oc__cache_get(k.context, "test", "key 1", &out)); /* used often: stays */
        usleep(12000);
    }
    KIT_OK(oc_context_cache_size(k.context, &files, &bytes, &err), &err);
    assert_int_equal(files, 5);
    assert_true(bytes <= 5500);
    assert_false(oc__cache_get(k.context, "test", "key 0", &out));
    assert_true(oc__cache_get(k.context, "test", "key 9", &out));
    oc__cache_put(k.context, "test", "large", k.log, 6000);
    assert_false(oc__cache_get(k.context, "test", "large", &out));
    oc__string_finish(&out);
    kit_finish(&k);
}

static void test_sources(void **state) {
    (void)state;
    kit k;
    oc__program *program;
    oc__string text;
    kit_init(&k, NULL);
    oc__string_init(&text, NULL);
    KIT_OK(oc__program_source(k.context, "fill.cl", "#define A 1", &text, &err), &err);
    assert_memory_equal(text.text, "#define A 1\n", 12);
    assert_non_null(strstr(text.text, "uint4 oc_philox"));
    assert_null(strstr(text.text, "#include"));
    KIT_FAILS(OC_ERROR_NOT_FOUND, "none.cl", oc__program_source(k.context, "none.cl", NULL, &text, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "no file name", oc__program_source(k.context, "../fill.cl", NULL, &text, &err), &err);
    oc__string_finish(&text);
    kit_finish(&k);

    kit_init(&k, NULL);
    char folder[256];
    strcpy(folder, k.folder);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "a.clh"), "# include \"b.clh\"\nint a;\n", 25, &err), &err);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "b.clh"), "#include \"a.clh\"\nint b;", 23, &err), &err);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "x.cl"), "#include \"b.clh\"\n\t#include \"a.clh\"\nint x;\n", 41, &err), &err);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "y.cl"), "kernel void y( { }\n", 19, &err), &err);
    oc_context *other;
    KIT_OK(oc_context_create(&other, &(oc_context_params){.kernels = folder, .cache_folder = ""}, &err), &err);
    oc__string_init(&text, NULL);
    KIT_OK(oc__program_source(other, "x.cl", NULL, &text, &err), &err);
    assert_string_equal(text.text, "int a;\nint b;\nint x;\n");
    KIT_FAILS(OC_ERROR_IO, "fill.cl", oc__program_source(other, "fill.cl", NULL, &text, &err), &err);
    oc__string_finish(&text);
    oc_device *device;
    if (oc_device_create(&device, other, NULL, &err) == OC_OK) {
        KIT_FAILS(OC_ERROR_BUILD, "clBuildProgram: CL_BUILD_PROGRAM_FAILURE (-11)",
                  oc__program_get(&program, device, "y.cl", NULL, &err), &err);
        print_message("%s\n", err.text);
        assert_int_equal(err.native, -11);
        oc_device_destroy(&device);
    }
    oc_context_destroy(&other);
    kit_finish(&k);
}

/* A driver with a disk cache of its own is never asked for a binary. */
static void test_drivers_cache(void **state) {
    (void)state;
    kit k;
    uint64_t files;
    oc__program *program;
    kit_init(&k, NULL);
    reopen(&k);
    k.device->keeps_programs = true;
    KIT_OK(oc__program_get(&program, k.device, "fill.cl", "#define CACHED 2", &err), &err);
    assert_int_equal(builds, 1);
    assert_int_equal(binaries, 0);
    KIT_OK(oc_context_cache_size(k.context, &files, NULL, &err), &err);
    assert_int_equal(files, 0);
    kit_finish(&k);
}

int main(void) {
    setenv("POCL_KERNEL_CACHE", "0", 1); /* PoCL's own cache would take the place of ours */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk),           cmocka_unit_test(test_faults),  cmocka_unit_test(test_foreign_key),
        cmocka_unit_test(test_refused_binary), cmocka_unit_test(test_folders), cmocka_unit_test(test_size_cap),
        cmocka_unit_test(test_sources),        cmocka_unit_test(test_drivers_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
