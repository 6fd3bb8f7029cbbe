/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read-only mappings, and atomic writing through a temp file. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static oc_status fail_io(oc_context *context, oc_error *err, const char *what, const char *path, int number) {
    if (number == ENOMEM)
        return oc__fail_native(context, err, OC_ERROR_MEMORY, number, "cannot %s '%s': out of memory", what, path);
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const char *reason = c ? strerror_l(number, c) : "unknown error";
    oc__fail_native(context, err, OC_ERROR_IO, number, "cannot %s '%s': %s", what, path, reason);
    if (c)
        freelocale(c);
    return OC_ERROR_IO;
}

/* For pipes and other files that cannot be mapped. */
static int read_all(oc_context *context, int fd, oc__mapping *out) {
    uint8_t *data = NULL;
    size_t size = 0, capacity = 0;
    for (;;) {
        if (size == capacity) {
            size_t wanted = capacity ? capacity * 2 : 4096;
            uint8_t *moved = wanted > capacity ? oc__realloc(context, data, wanted) : NULL;
            if (!moved) {
                oc__free(context, data);
                return ENOMEM;
            }
            data = moved;
            capacity = wanted;
        }
        ssize_t got = read(fd, data + size, capacity - size);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR) {
            int number = errno;
            oc__free(context, data);
            return number;
        }
        size += got > 0 ? (size_t)got : 0;
    }
    *out = (oc__mapping){data, size, false};
    return 0;
}

static int map_fd(oc_context *context, int fd, oc__mapping *out) {
    struct stat info;
    if (fstat(fd, &info))
        return errno;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    if (S_ISREG(info.st_mode) && info.st_size > 0 && (uint64_t)info.st_size <= SIZE_MAX) {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data != MAP_FAILED) {
            *out = (oc__mapping){data, (uint64_t)info.st_size, true};
            return 0;
        }
    }
    return read_all(context, fd, out);
}

int oc__file_try_map(oc_context *context, const char *path, oc__mapping *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int number = map_fd(context, fd, out);
    close(fd);
    return number;
}

oc_status oc__file_map(oc_context *context, const char *path, oc__mapping *out, oc_error *err) {
    int number = oc__file_try_map(context, path, out);
    return number ? fail_io(context, err, "read", path, number) : OC_OK;
}

void oc__file_unmap(oc_context *context, oc__mapping *mapping) {
    if (mapping->mapped)
        munmap((void *)(uintptr_t)mapping->data, (size_t)mapping->size);
    else
        oc__free(context, (void *)(uintptr_t)mapping->data);
    *mapping = (oc__mapping){NULL, 0, false};
}

/* A new file beside the target, with the target's mode if there is one. */
static int open_temp(oc__file_writer *writer, const struct stat *target) {
    size_t size = strlen(writer->path) + 48;
    writer->temp = oc__alloc(writer->context, size);
    if (!writer->temp)
        return ENOMEM;
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        unsigned long long salt = (unsigned long long)(oc__clock_seconds() * 1e9) ^ (uintptr_t)writer ^ attempt;
        oc__format(writer->temp, size, "%s.tmp-%ld-%llx", writer->path, (long)getpid(), salt);
        writer->fd = open(writer->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (writer->fd >= 0) {
            if (target && fchmod(writer->fd, target->st_mode & 0777))
                errno = 0; /* some file systems have no modes */
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    int number = errno;
    oc__free(writer->context, writer->temp);
    writer->temp = NULL;
    return number;
}

static int open_writer(oc__file_writer *writer, const char *path) {
    struct stat info;
    bool exists = stat(path, &info) == 0;
    char resolved[PATH_MAX]; /* through a symbolic link: the link stays */
    writer->path = oc__strdup(writer->context, exists && realpath(path, resolved) ? resolved : path);
    if (!writer->path)
        return ENOMEM;
    if (exists && S_ISDIR(info.st_mode))
        return EISDIR;
    if (!exists || S_ISREG(info.st_mode))
        return open_temp(writer, exists ? &info : NULL);
    /* A terminal, a pipe, /dev/null: not to be replaced by a file. */
    writer->fd = open(path, O_WRONLY | O_CLOEXEC);
    return writer->fd < 0 ? errno : 0;
}

static int start(oc__file_writer *writer, oc_context *context, const char *path) {
    *writer = (oc__file_writer){.context = context, .fd = -1};
    int number = open_writer(writer, path);
    if (number)
        oc__file_writer_cancel(writer);
    return number;
}

static int put(oc__file_writer *writer, const void *data, uint64_t size) {
    const uint8_t *bytes = data;
    while (size > 0) {
        ssize_t done = write(writer->fd, bytes, (size_t)OC_MIN(size, (uint64_t)1 << 30));
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            bytes += done;
            size -= (uint64_t)done;
            writer->written += (uint64_t)done;
        }
    }
    return 0;
}

/* So that the rename itself survives a power failure; not every file system can. */
static void sync_folder(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash && (size_t)(slash - path) + 1 >= sizeof folder)
        return;
    oc__format(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

static int commit(oc__file_writer *writer) {
    int number = 0;
    if (writer->temp && fsync(writer->fd))
        number = errno;
    if (close(writer->fd) && !number)
        number = errno;
    writer->fd = -1;
    if (!number && writer->temp) {
        if (rename(writer->temp, writer->path)) {
            number = errno;
        } else {
            sync_folder(writer->path);
            oc__free(writer->context, writer->temp);
            writer->temp = NULL;
        }
    }
    return number;
}

oc_status oc__file_writer_init(oc__file_writer *writer, oc_context *context, const char *path, oc_error *err) {
    int number = start(writer, context, path);
    return number ? fail_io(context, err, "write", path, number) : OC_OK;
}

oc_status oc__file_writer_put(oc__file_writer *writer, const void *data, uint64_t size, oc_error *err) {
    int number = put(writer, data, size);
    return number ? fail_io(writer->context, err, "write", writer->path, number) : OC_OK;
}

oc_status oc__file_writer_commit(oc__file_writer *writer, oc_error *err) {
    int number = commit(writer);
    oc_status status = number ? fail_io(writer->context, err, "write", writer->path, number) : OC_OK;
    oc__file_writer_cancel(writer);
    return status;
}

void oc__file_writer_cancel(oc__file_writer *writer) {
    if (writer->fd >= 0)
        close(writer->fd);
    if (writer->temp)
        unlink(writer->temp);
    oc__free(writer->context, writer->temp);
    oc__free(writer->context, writer->path);
    *writer = (oc__file_writer){.context = writer->context, .fd = -1};
}

int oc__file_try_write(oc_context *context, const char *path, const void *data, uint64_t size) {
    oc__file_writer writer;
    int number = start(&writer, context, path);
    if (number)
        return number;
    number = put(&writer, data, size);
    if (!number)
        number = commit(&writer);
    oc__file_writer_cancel(&writer);
    return number;
}

oc_status oc__file_write(oc_context *context, const char *path, const void *data, uint64_t size, oc_error *err) {
    int number = oc__file_try_write(context, path, data, size);
    return number ? fail_io(context, err, "write", path, number) : OC_OK;
}
