/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenCL loader and the drivers that it is told of: which load, and why others do not. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define VENDORS "/etc/OpenCL/vendors"

void texts_add(texts *list, const char *format, ...) {
    va_list args;
    char *text = NULL, **items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        return;
    }
    list->items = items;
    va_start(args, format);
    if (vasprintf(&text, format, args) >= 0) {
        items[list->count++] = text;
    }
    va_end(args);
}

void texts_free(texts *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
}

/* Stays open: drivers have threads that do not survive dlclose. */
static char *why_not_loaded(const char *library) {
    if (dlopen(library, RTLD_LAZY | RTLD_LOCAL) != NULL) {
        return NULL;
    }
    const char *why = dlerror();
    return strdup(why != NULL ? why : "no reason is told");
}

static bool is_set(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && value[0] != 0;
}

static void find_loader(doctor *d) {
    d->loader = strdup(is_set("OCELLI_OPENCL") ? getenv("OCELLI_OPENCL") : "libOpenCL.so.1");
    d->loader_why = why_not_loaded(d->loader);
    if (d->loader_why != NULL) {
        texts_add(&d->notes, "dlopen: %s", d->loader_why); /* the library has said it when it was asked for devices */
        texts_add(&d->advice, is_set("OCELLI_OPENCL") ? "unset OCELLI_OPENCL, or have it name an OpenCL loader" :
                  "install an OpenCL loader (Debian: ocl-icd-libopencl1; Fedora: ocl-icd; Arch: ocl-icd)");
    }
}

static void add_driver(doctor *d, const char *file, const char *library) {
    driver *drivers = realloc(d->drivers, (d->driver_count + 1) * sizeof(*drivers));
    if (drivers == NULL) {
        return;
    }
    d->drivers = drivers;
    driver *new = &drivers[d->driver_count++];
    *new = (driver){strdup(file), strdup(library), library[0] != 0 ? why_not_loaded(library) : strdup("the file names no library")};
    if (new->why != NULL) {
        texts_add(&d->problems, "the driver %s, named in %s, does not load: %s", library, file, new->why);
        texts_add(&d->advice, "reinstall the package that %s belongs to, or remove the file", file);
    }
}

/* The first line of an .icd file is the library's name. */
static void read_icd(doctor *d, const char *path) {
    char line[1024] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        texts_add(&d->problems, "%s cannot be read", path);
        return;
    }
    if (fgets(line, sizeof(line), file) == NULL) {
        line[0] = 0;
    }
    fclose(file);
    line[strcspn(line, "\r\n")] = 0;
    add_driver(d, path, line);
}

static int is_icd(const struct dirent *entry) {
    return ends_with(entry->d_name, ".icd");
}

static void read_folder(doctor *d, const char *folder) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_icd, alphasort);
    if (count < 0) {
        texts_add(&d->problems, "the folder of OpenCL drivers, %s, cannot be read", folder);
    }
    for (int i = 0; i < count; i++) {
        char path[2048];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        read_icd(d, path);
        free(entries[i]);
    }
    free(entries);
}

static bool has_drivers(const char *folder) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_icd, NULL);
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return count > 0;
}

/* What to do where no driver loads, or those that do list no device. */
static void advise_on_drivers(doctor *d) {
    bool loads = false;
    for (size_t i = 0; i < d->driver_count; i++) {
        loads = loads || d->drivers[i].why == NULL;
        if (d->drivers[i].why == NULL && d->loader_why == NULL && strstr(d->drivers[i].library, "Rusticl") != NULL && !is_set("RUSTICL_ENABLE")) {
            texts_add(d->device_count > 0 ? &d->notes : &d->advice, "rusticl lists the devices of those Mesa drivers that RUSTICL_ENABLE "
                      "names: set it to radeonsi or iris, or to llvmpipe, which runs on any CPU");
        }
    }
    if (d->device_count > 0 || (loads && d->loader_why != NULL)) {
        return;
    }
    if (!loads && is_set("OCL_ICD_VENDORS")) {
        texts_add(&d->advice, "unset OCL_ICD_VENDORS, or have it name a folder of .icd files: drivers are looked for there alone");
    }
    if (loads || !has_drivers(VENDORS)) {
        texts_add(&d->advice, "install a driver: pocl-opencl-icd (Debian) runs on any CPU; GPU vendors have their own");
    }
}

/* GPUs that the kernel knows, whether or not a driver lists them. */
static void look_for_gpus(doctor *d) {
    static const struct {
        const char *file, *advice;
    } signs[] = {{"/dev/nvidia0", "an NVIDIA GPU is here (/dev/nvidia0) and no driver lists it: install nvidia-opencl-icd"},
                 {"/dev/kfd", "an AMD GPU is here (/dev/kfd) and no driver lists it: install ROCm's OpenCL, or mesa-opencl-icd and set "
                              "RUSTICL_ENABLE=radeonsi"},
                 {"/dev/dri/renderD128", "a GPU is here (/dev/dri/renderD128) and no driver lists it: install intel-opencl-icd, or "
                                         "mesa-opencl-icd and set RUSTICL_ENABLE to iris or radeonsi"},
                 {"/dev/mali0", "an Arm GPU is here (/dev/mali0) and no driver lists it: install its vendor's OpenCL library"}};
    for (size_t i = 0; i < d->device_count; i++) {
        if (d->devices[i].info.type == OC_DEVICE_GPU) {
            return;
        }
    }
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (access(signs[i].file, F_OK) == 0) {
            texts_add(&d->advice, "%s", signs[i].advice);
            return;
        }
    }
}

void doctor_find_drivers(doctor *d) {
    struct stat info;
    d->vendors = strdup(is_set("OCL_ICD_VENDORS") ? getenv("OCL_ICD_VENDORS") : VENDORS);
    find_loader(d);
    if (stat(d->vendors, &info) == 0 && S_ISDIR(info.st_mode)) {
        read_folder(d, d->vendors);
    } else if (ends_with(d->vendors, ".icd")) {
        read_icd(d, d->vendors);
    } else if (strstr(d->vendors, ".so") != NULL) {
        add_driver(d, "OCL_ICD_VENDORS", d->vendors);
    } else {
        texts_add(&d->problems, "there is no folder of OpenCL drivers, %s", d->vendors);
    }
    advise_on_drivers(d);
    look_for_gpus(d);
}
