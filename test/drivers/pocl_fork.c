/* SPDX-License-Identifier: Apache-2.0 */
/* PoCL 3.1: a child that was forked after its parent listed devices waits forever in its first launch: the threads that compute are the
 * parent's.
 *
 * A forked child gets OC_ERROR_FORKED from every function of the library that would submit something (lib/device/open.c). */
#include "reproducer.h"

#include <sys/wait.h>
#include <unistd.h>

static int launch(void) {
    int data[4] = {1, 1, 1, 1};
    cl_kernel kernel = build("__kernel void add(__global int *x) { x[get_global_id(0)] += 1; }", "add");
    return run(kernel, 4, data, sizeof(data)) == CL_SUCCESS && data[3] == 2;
}

int main(void) {
    int status = 0, waited = 0;
    open_driver("Portable Computing Language");
    if (!launch()) {
        return verdict(1, "the parent itself cannot compute");
    }
    pid_t child = fork();
    if (child == 0) {
        alarm(5);
        _exit(launch() ? 0 : 3);
    }
    while ((waited = waitpid(child, &status, 0)) < 0) {
    }
    return verdict(!WIFEXITED(status) || WEXITSTATUS(status) != 0, "a forked child hangs, or cannot compute");
}
