/*
 * A disk that fails and a clock that jumps, put under the real program with LD_PRELOAD.
 *
 * What shall happen stands in a small file that the story and the program both map (ROWLOG_SHIM), so that a running
 * server can be told. Only files named rowlog.db, rowlog.db-wal and the like count; everything else is left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Shared with the story, which writes these numbers in this order (tests/site/shim.rs). */
struct control {
    _Atomic int64_t clock;  /* seconds to add to the clock that people read */
    _Atomic int64_t writes; /* this many writes from now fails; 0 for none */
    _Atomic int64_t flushes; /* this many flushes from now fails; 0 for none */
    _Atomic int64_t error;  /* with this errno */
    _Atomic int64_t failed; /* how many calls have failed */
    _Atomic int64_t lasting; /* 1 if every call after the first to fail does so too */
};

static struct control *control(void) {
    static _Atomic(struct control *) shared;
    struct control *found = atomic_load(&shared);
    if (found) return found == MAP_FAILED ? NULL : found;
    const char *path = getenv("ROWLOG_SHIM");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    found = file < 0 ? MAP_FAILED
                     : mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    atomic_store(&shared, found);
    return found == MAP_FAILED ? NULL : found;
}

static int is_ours(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    return name && strncmp(name, "/rowlog.db", 10) == 0;
}

/* Whether this call is the one that fails; errno is set then. */
static int fails(int file, _Atomic int64_t *(*countdown)(struct control *)) {
    struct control *told = control();
    if (!told || atomic_load(countdown(told)) <= 0 || !is_ours(file)) return 0;
    if (atomic_fetch_sub(countdown(told), 1) != 1) return 0;
    if (atomic_load(&told->lasting)) atomic_store(countdown(told), 1);
    atomic_fetch_add(&told->failed, 1);
    errno = (int)atomic_load(&told->error);
    return 1;
}

static _Atomic int64_t *writes(struct control *told) { return &told->writes; }
static _Atomic int64_t *flushes(struct control *told) { return &told->flushes; }

#define REAL(name) ((typeof(name) *)dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t length) {
    return fails(file, writes) ? -1 : REAL(write)(file, bytes, length);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    return fails(file, writes) ? -1 : REAL(pwrite)(file, bytes, length, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    return fails(file, writes) ? -1 : REAL(pwrite64)(file, bytes, length, at);
}

int fsync(int file) { return fails(file, flushes) ? -1 : REAL(fsync)(file); }

int fdatasync(int file) { return fails(file, flushes) ? -1 : REAL(fdatasync)(file); }

int clock_gettime(clockid_t which, struct timespec *time) {
    int answer = REAL(clock_gettime)(which, time);
    struct control *told = which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE ? control() : NULL;
    if (told && answer == 0) time->tv_sec += atomic_load(&told->clock);
    return answer;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int answer = REAL(gettimeofday)(time, zone);
    struct control *told = control();
    if (told && answer == 0) time->tv_sec += atomic_load(&told->clock);
    return answer;
}
