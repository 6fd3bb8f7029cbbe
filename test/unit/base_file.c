/* SPDX-License-Identifier: Apache-2.0 */
/* Files: what is written is whole or not there at all. */
#include "kit/kit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static oc_error err;

static size_t count_files(const char *folder) {
    size_t count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    while (readdir(open))
        count++;
    closedir(open);
    return count - 2;
}

static void check_content(kit *k, const char *path, const char *text) {
    oc__mapping file;
    KIT_OK(oc__file_map(k->context, path, &file, &err), &err);
    assert_int_equal(file.size, strlen(text));
    assert_memory_equal(file.data, text, strlen(text));
    oc__file_unmap(k->context, &file);
}

static void test_write_and_map(void **state) {
    (void)state;
    kit k;
    oc__mapping file;
    struct stat info;
    kit_init(&k, NULL);
    char *path = oc__strdup(NULL, kit_path(&k, "a"));
    KIT_OK(oc__file_write(k.context, path, "hello", 5, &err), &err);
    check_content(&k, path, "hello");
    chmod(path, 0640);
    KIT_OK(oc__file_write(k.context, path, "", 0, &err), &err);
    check_content(&k, path, "");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(symlink(path, kit_path(&k, "link")), 0);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "link"), "through", 7, &err), &err);
    check_content(&k, path, "through");
    assert_int_equal(lstat(kit_path(&k, "link"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(count_files(k.folder), 2);
    KIT_FAILS(OC_ERROR_IO, "No such file", oc__file_map(k.context, kit_path(&k, "none"), &file, &err), &err);
    assert_int_equal(err.native, ENOENT);
    KIT_FAILS(OC_ERROR_IO, "Is a directory", oc__file_map(k.context, k.folder, &file, &err), &err);
    KIT_FAILS(OC_ERROR_IO, "Is a directory", oc__file_write(k.context, k.folder, "x", 1, &err), &err);
    KIT_FAILS(OC_ERROR_IO, "No such file", oc__file_write(k.context, kit_path(&k, "no/file"), "x", 1, &err), &err);
    oc__free(NULL, path);
    kit_finish(&k);
}

static void test_pieces(void **state) {
    (void)state;
    kit k;
    oc__file_writer writer;
    kit_init(&k, NULL);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "a"), "old", 3, &err), &err);
    KIT_OK(oc__file_writer_init(&writer, k.context, kit_path(&k, "a"), &err), &err);
    KIT_OK(oc__file_writer_put(&writer, "ne", 2, &err), &err);
    check_content(&k, kit_path(&k, "a"), "old");
    KIT_OK(oc__file_writer_put(&writer, "w!", 2, &err), &err);
    assert_int_equal(writer.written, 4);
    KIT_OK(oc__file_writer_commit(&writer, &err), &err);
    check_content(&k, kit_path(&k, "a"), "new!");
    KIT_OK(oc__file_writer_init(&writer, k.context, kit_path(&k, "a"), &err), &err);
    KIT_OK(oc__file_writer_put(&writer, "half", 4, &err), &err);
    oc__file_writer_cancel(&writer);
    check_content(&k, kit_path(&k, "a"), "new!");
    assert_int_equal(count_files(k.folder), 1);
    kit_finish(&k);
}

static void test_full_disk(void **state) {
    (void)state;
    kit k;
    struct rlimit before, small;
    static char data[100000];
    kit_init(&k, NULL);
    KIT_OK(oc__file_write(k.context, kit_path(&k, "a"), "old", 3, &err), &err);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    oc_status status = oc__file_write(k.context, kit_path(&k, "a"), data, sizeof data, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    KIT_FAILS(OC_ERROR_IO, "File too large", status, &err);
    check_content(&k, kit_path(&k, "a"), "old");
    assert_int_equal(count_files(k.folder), 1);
    if (access("/dev/full", W_OK) == 0) {
        KIT_FAILS(OC_ERROR_IO, "No space left", oc__file_write(k.context, "/dev/full", "x", 1, &err), &err);
        struct stat info;
        assert_int_equal(stat("/dev/full", &info), 0);
        assert_true(S_ISCHR(info.st_mode));
    }
    KIT_OK(oc__file_write(k.context, "/dev/null", "x", 1, &err), &err);
    kit_finish(&k);
}

static void test_pipe(void **state) {
    (void)state;
    kit k;
    int ends[2];
    char path[64];
    kit_init(&k, NULL);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "through a pipe", 14), 14);
    close(ends[1]);
    oc__format(path, sizeof path, "/dev/fd/%d", ends[0]);
    check_content(&k, path, "through a pipe");
    close(ends[0]);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_and_map),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
