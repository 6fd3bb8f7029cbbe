/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli bench --compare: what an earlier --json run wrote, and what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"

#define NOTABLE 1.05

/* A reader of an array of flat objects. */
typedef struct reader {
    const char *at;
} reader;

static bool skip(reader *r, char c) {
    r->at += strspn(r->at, " \t\r\n");
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

/* A string, to be freed; NULL: there is none. Escapes are those that json.c writes. */
static char *read_text(reader *r) {
    if (!skip(r, '"'))
        return NULL;
    char *text = malloc(strlen(r->at) + 1);
    size_t size = 0;
    while (text != NULL && *r->at != '"' && *r->at != 0) {
        if (*r->at == '\\' && r->at[1] != 0)
            r->at++;
        text[size++] = *r->at++;
    }
    if (text == NULL || *r->at != '"') {
        free(text);
        return NULL;
    }
    text[size] = 0;
    r->at++;
    return text;
}

static bool read_number(reader *r, double *out) {
    char *end;
    r->at += strspn(r->at, " \t\r\n");
    *out = 0;
    if (strncmp(r->at, "null", 4) == 0) {
        r->at += 4;
        return true;
    }
    *out = strtod(r->at, &end);
    bool fine = end != r->at;
    r->at = end;
    return fine;
}

static void old_free(old_record *old) {
    free(old->problem);
    free(old->direction);
    free(old->solver);
}

static bool read_member(reader *r, old_record *old) {
    double number = 0;
    char *text = NULL, *key = read_text(r);
    if (key == NULL || !skip(r, ':')) {
        free(key);
        return false;
    }
    r->at += strspn(r->at, " \t\r\n");
    bool fine = *r->at == '"' ? (text = read_text(r)) != NULL : read_number(r, &number);
    char **to = strcmp(key, "problem") == 0     ? &old->problem
                : strcmp(key, "direction") == 0 ? &old->direction
                : strcmp(key, "solver") == 0    ? &old->solver
                                                : NULL;
    if (to != NULL && text != NULL) {
        free(*to);
        *to = text;
        text = NULL;
    } else if (strcmp(key, "median_ms") == 0)
        old->median = 1e-3 * number;
    free(text);
    free(key);
    return fine;
}

static bool read_object(reader *r, old_record *old) {
    bool fine = skip(r, '{');
    if (fine && skip(r, '}'))
        return true;
    while (fine && (fine = read_member(r, old)) && skip(r, ','))
        ;
    return fine && skip(r, '}');
}

static bool keep(bench *b, old_record *old) {
    if (old->problem == NULL || old->direction == NULL || old->solver == NULL || !(old->median > 0)) {
        old_free(old); /* a peak */
        return true;
    }
    old_record *items = realloc(b->old, (b->old_count + 1) * sizeof(*items));
    if (items == NULL) {
        old_free(old);
        return false;
    }
    b->old = items;
    b->old[b->old_count++] = *old;
    return true;
}

static bool read_array(bench *b, reader *r) {
    if (!skip(r, '['))
        return false;
    if (skip(r, ']'))
        return true;
    do {
        old_record old = {0};
        if (!read_object(r, &old)) {
            old_free(&old);
            return false;
        }
        if (!keep(b, &old))
            return false;
    } while (skip(r, ','));
    return skip(r, ']');
}

/* A whole text file, to be freed. */
static char *read_all(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        text = size >= 0 ? calloc((size_t)size + 1, 1) : NULL;
        if (text != NULL && fread(text, 1, (size_t)size, file) != (size_t)size) {
            free(text);
            text = NULL;
        }
    }
    fclose(file);
    return text;
}

int compare_read(bench *b, const char *path) {
    char *text = read_all(path);
    if (text == NULL)
        return app_say("%s cannot be read", path);
    reader r = {text};
    bool fine = read_array(b, &r) && r.at[strspn(r.at, " \t\r\n")] == 0;
    free(text);
    if (!fine)
        return app_say("%s is not what ocelli bench --json writes", path);
    return b->old_count > 0 ? EXIT_DONE : app_say("%s has no times", path);
}

void compare_free(bench *b) {
    for (size_t i = 0; i < b->old_count; i++)
        old_free(&b->old[i]);
    free(b->old);
    b->old = NULL;
    b->old_count = 0;
}

static bool same(const char *problem, const char *direction, const char *other, const char *other_direction) {
    int size = problem_size(problem);
    return size == problem_size(other) && strncmp(problem, other, (size_t)size) == 0 && strcmp(direction, other_direction) == 0;
}

const old_record *compare_find(const bench *b, const record *r, double *median) {
    const old_record *found = NULL;
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < b->old_count; i++) {
        const old_record *old = &b->old[i];
        if (!same(r->problem, r->direction, old->problem, old->direction))
            continue;
        found = found != NULL ? found : old;
        sum += old->median;
        count++;
    }
    *median = count > 0 ? sum / (double)count : 0;
    return found;
}

/* The mean over this run's records of the same problem; 0 if `at` is not the first of them. */
static double mean_of(const bench *b, size_t at, size_t *count) {
    const record *r = &b->records[at];
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < b->record_count; i++) {
        if (!same(r->problem, r->direction, b->records[i].problem, b->records[i].direction))
            continue;
        if (i < at)
            return 0;
        sum += b->records[i].median;
        ++*count;
    }
    return sum / (double)*count;
}

static size_t print_changes(const bench *b, bool slower) {
    size_t changes = 0;
    for (size_t i = 0; i < b->record_count; i++) {
        const record *r = &b->records[i];
        double before, now;
        size_t count;
        const old_record *old = compare_find(b, r, &before);
        if (old == NULL || (now = mean_of(b, i, &count)) == 0 || (slower ? now / before : before / now) <= NOTABLE)
            continue;
        bool other = strcmp(old->solver, r->solver) != 0;
        printf("%s %6.2fx %10.4f -> %10.4f ms  %.*s %s%s%s%s%s", slower ? "slower" : "faster", slower ? now / before : before / now,
               1e3 * before, 1e3 * now, problem_size(r->problem), r->problem, r->direction, ", ",
               other ? old->solver : r->solver, other ? " -> " : "", other ? r->solver : "");
        if (count > 1)
            printf(", mean of %zu", count);
        putchar('\n');
        changes++;
    }
    return changes;
}

void compare_print(const bench *b) {
    double before_all = 0, now_all = 0, before;
    size_t known = 0;
    for (size_t i = 0; i < b->record_count; i++)
        if (compare_find(b, &b->records[i], &before) != NULL) {
            before_all += before;
            now_all += b->records[i].median;
            known++;
        }
    printf("\nagainst %s, by more than %.0f %%:\n", b->compare, 100 * (NOTABLE - 1));
    size_t slower = print_changes(b, true), faster = print_changes(b, false);
    printf("%zu slower, %zu faster; %zu of %zu were timed before, together %.4f -> %.4f ms\n", slower, faster, known, b->record_count,
           1e3 * before_all, 1e3 * now_all);
}
