/* SPDX-License-Identifier: Apache-2.0 */
/* Small files under a key in the context's cache folder. Whatever is wrong with one, it is a log line and a miss. */
#include "device/cl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file: head, key, data. The sum is over key and data. */
typedef struct head {
    char magic[8];
    uint64_t key_size, data_size;
    oc__hash sum;
} head;

static const char MAGIC[8] = "OCELLI1";
static const char SUFFIX[] = ".ocelli";

static bool distrust(oc_context *context, const char *folder, const char *why) {
    oc__log(context, OC_LOG_WARNING, "the cache folder %s is not used: %s", folder, why);
    return false;
}

/* mkdir -p, each new folder 0700. */
static void make_folders(oc_context *context, const char *folder) {
    char *path = oc__strdup(context, folder);
    for (char *at = path; path && *at; at++) {
        if (*at == '/' && at != path) {
            *at = '\0';
            mkdir(path, 0700);
            *at = '/';
        }
    }
    if (path)
        mkdir(path, 0700);
    oc__free(context, path);
}

/* Programs are code: a folder that others can write to would be theirs to run in this process. */
static bool usable(oc_context *context, bool create) {
    const char *folder = context->cache_folder;
    struct stat info;
    if (!folder[0])
        return false;
    if (stat(folder, &info) != 0) {
        if (!create)
            return false;
        make_folders(context, folder);
        if (stat(folder, &info) != 0)
            return distrust(context, folder, "it cannot be created");
    }
    if (!S_ISDIR(info.st_mode))
        return distrust(context, folder, "it is no folder");
    if (info.st_uid != geteuid())
        return distrust(context, folder, "it belongs to another user");
    if (info.st_mode & 022)
        return distrust(context, folder, "others may write to it (it should have mode 0700)");
    return true;
}

/* Files of their own: of those that shrinking never removes, for measurements take long. */
static bool is_kept(const char *name) {
    return strcmp(name, "find.db") == 0 || strcmp(name, "find.lock") == 0;
}

static bool is_ours(const char *name) {
    if (is_kept(name))
        return true;
    const char *dash = strrchr(name, '-'), *suffix = strstr(name, SUFFIX);
    /* A temp file that a crash left has ".tmp-…" behind the suffix. */
    if (suffix && suffix[sizeof SUFFIX - 1] != '\0') {
        if (strncmp(suffix + sizeof SUFFIX - 1, ".tmp-", 5) != 0)
            return false;
        for (dash = suffix; dash > name && *dash != '-'; dash--)
            ;
    }
    return suffix && dash && suffix - dash == 33 && strspn(dash + 1, "0123456789abcdef") == 32;
}

static char *path_of(oc_context *context, const char *kind, const char *key) {
    oc__hash hash = oc__hash_init();
    char digits[33];
    oc__hash_add_text(&hash, kind);
    oc__hash_add_text(&hash, key);
    oc__hash_text(hash, digits);
    size_t size = strlen(context->cache_folder) + strlen(kind) + sizeof SUFFIX + 40;
    char *path = oc__alloc(context, size);
    if (path)
        oc__format(path, size, "%s/%s-%s%s", context->cache_folder, kind, digits, SUFFIX);
    return path;
}

static oc__hash sum_of(const void *key, size_t key_size, const void *data, size_t data_size) {
    oc__hash hash = oc__hash_init();
    oc__hash_add(&hash, key, key_size);
    oc__hash_add(&hash, data, data_size);
    return hash;
}

/* NULL if the file is whole and its key is this one, else what is wrong. */
static const char *check(const oc__mapping *file, const char *key, head *out) {
    head h;
    size_t key_size = strlen(key);
    if (file->size < sizeof h)
        return "it is cut short";
    memcpy(&h, file->data, sizeof h);
    if (memcmp(h.magic, MAGIC, sizeof MAGIC) != 0)
        return "it is of another kind";
    uint64_t rest = file->size - sizeof h;
    if (h.key_size > rest || h.data_size != rest - h.key_size)
        return "it is cut short";
    const uint8_t *stored = file->data + sizeof h;
    oc__hash sum = sum_of(stored, (size_t)h.key_size, stored + h.key_size, (size_t)h.data_size);
    if (sum.a != h.sum.a || sum.b != h.sum.b)
        return "its checksum is wrong";
    if (h.key_size != key_size || memcmp(stored, key, key_size) != 0)
        return "it has another key";
    *out = h;
    return NULL;
}

static bool get(oc_context *context, const char *path, const char *key, oc__string *out) {
    oc__mapping file;
    head h = {.key_size = 0};
    int number = oc__file_try_map(context, path, &file);
    if (number) {
        if (number != ENOENT)
            oc__log(context, OC_LOG_WARNING, "the cache file %s cannot be read (error %d)", path, number);
        return false;
    }
    const char *wrong = check(&file, key, &h);
    if (wrong) {
        oc__log(context, OC_LOG_WARNING, "the cache file %s is not used: %s", path, wrong);
    } else {
        oc__string_append_n(out, (const char *)file.data + sizeof h + h.key_size, (size_t)h.data_size);
        wrong = out->failed ? "out of memory" : NULL;
        utimensat(AT_FDCWD, path, NULL, 0); /* used now: the last to go */
    }
    oc__file_unmap(context, &file);
    return wrong == NULL;
}

bool oc__cache_get(oc_context *context, const char *kind, const char *key, oc__string *out) {
    if (!usable(context, false))
        return false;
    char *path = path_of(context, kind, key);
    bool found = path && get(context, path, key, out);
    oc__free(context, path);
    return found;
}

typedef struct entry {
    struct timespec time;
    uint64_t size;
    char name[96];
} entry;

typedef struct listing {
    entry *items;
    size_t count, capacity;
    uint64_t bytes;
} listing;

static bool list(oc_context *context, listing *out) {
    struct dirent *at;
    struct stat info;
    DIR *folder = opendir(context->cache_folder);
    if (!folder)
        return false;
    *out = (listing){.items = NULL};
    while ((at = readdir(folder))) {
        entry item = {.size = 0};
        if (strlen(at->d_name) >= sizeof item.name || !is_ours(at->d_name) ||
            fstatat(dirfd(folder), at->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
            continue;
        strcpy(item.name, at->d_name);
        item.size = (uint64_t)info.st_size;
        item.time = info.st_mtim;
        if (!OC_ARRAY_PUSH(context, out->items, out->count, out->capacity, item))
            break;
        out->bytes += item.size;
    }
    closedir(folder);
    return true;
}

static int compare_time(const void *left, const void *right) {
    const struct timespec *a = &((const entry *)left)->time, *b = &((const entry *)right)->time;
    if (a->tv_sec != b->tv_sec)
        return a->tv_sec < b->tv_sec ? -1 : 1;
    return a->tv_nsec < b->tv_nsec ? -1 : a->tv_nsec > b->tv_nsec;
}

/* Removes the oldest files until the rest holds at most `keep` bytes; false if one could not be removed. */
static bool shrink(oc_context *context, uint64_t keep, int *number) {
    listing all;
    bool done = true;
    if (!list(context, &all))
        return true;
    if (all.bytes > keep || keep == 0)
        qsort(all.items, all.count, sizeof *all.items, compare_time);
    int folder = open(context->cache_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < all.count && (all.bytes > keep || keep == 0); i++) {
        if (keep && is_kept(all.items[i].name))
            continue;
        if (unlinkat(folder, all.items[i].name, 0) != 0 && errno != ENOENT) {
            *number = errno;
            done = false;
        } else {
            all.bytes -= all.items[i].size;
        }
    }
    if (folder >= 0)
        close(folder);
    oc__free(context, all.items);
    return done;
}

void oc__cache_put(oc_context *context, const char *kind, const char *key, const void *data, size_t size) {
    size_t key_size = strlen(key);
    head h = {.key_size = key_size, .data_size = size, .sum = sum_of(key, key_size, data, size)};
    uint64_t total = sizeof h + key_size + size;
    if (total > context->cache_limit || !usable(context, true))
        return;
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    char *path = path_of(context, kind, key);
    uint8_t *file = oc__alloc(context, (size_t)total);
    if (path && file) {
        memcpy(file, &h, sizeof h);
        memcpy(file + sizeof h, key, key_size);
        memcpy(file + sizeof h + key_size, data, size);
        int number = oc__file_try_write(context, path, file, total);
        if (number)
            oc__log(context, OC_LOG_WARNING, "the cache file %s cannot be written (error %d)", path, number);
        else
            shrink(context, context->cache_limit, &number);
    }
    oc__free(context, file);
    oc__free(context, path);
}

int oc__cache_lock(oc_context *context) {
    if (!usable(context, true))
        return -1;
    size_t size = strlen(context->cache_folder) + 16;
    char *path = oc__alloc(context, size);
    if (!path)
        return -1;
    oc__format(path, size, "%s/find.lock", context->cache_folder);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    oc__free(context, path);
    while (file >= 0 && flock(file, LOCK_EX) != 0)
        if (errno != EINTR) { /* a file system without locks: as good as it goes */
            close(file);
            return -1;
        }
    return file;
}

void oc__cache_unlock(int lock) {
    if (lock >= 0)
        close(lock);
}

oc_status oc_context_cache_size(oc_context *context, uint64_t *files, uint64_t *bytes, oc_error *err) {
    listing all = {.items = NULL};
    if (!context)
        return oc__fail(NULL, err, OC_ERROR_INVALID, "oc_context_cache_size: context is NULL");
    if (context->cache_folder[0] && !list(context, &all) && errno != ENOENT)
        return oc__fail_native(context, err, OC_ERROR_IO, errno, "the cache folder %s cannot be read", context->cache_folder);
    if (files)
        *files = all.count;
    if (bytes)
        *bytes = all.bytes;
    oc__free(context, all.items);
    return OC_OK;
}

oc_status oc_context_cache_clear(oc_context *context, oc_error *err) {
    int number = 0;
    if (!context)
        return oc__fail(NULL, err, OC_ERROR_INVALID, "oc_context_cache_clear: context is NULL");
    if (context->cache_folder[0] && !shrink(context, 0, &number))
        return oc__fail_native(context, err, OC_ERROR_IO, number, "the cache folder %s cannot be cleared",
                               context->cache_folder);
    return OC_OK;
}
