/* Faults below a program: disk, names, clock. For tests/crash/faults; loaded with LD_PRELOAD, Linux and glibc only.
 *
 * Two variables: FAULTS_FOLDER is the absolute folder whose files suffer, FAULTS_CONTROL a file of `struct control`
 * that the harness maps too: what it writes there holds at once, and what was injected is counted there. With all of
 * it zero every call goes straight through. What a program asks of the kernel past libc (mmap, flock) is untouched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FULL = 1, WRITE = 2, SHORT = 4, SYNC = 8, OPEN = 16, READ = 32 };
enum { KINDS = 6, NAMES = 6 };

struct control {
  uint32_t what;            /* which faults, of the enum above */
  uint32_t rate;            /* how many of 65,536 calls */
  uint64_t random;          /* the generator's state; the harness seeds it */
  int64_t shift;            /* nanoseconds that the wall clock is wrong by */
  uint32_t names;           /* 1: no name resolves */
  uint32_t unused;
  uint64_t done[KINDS + 1]; /* injected, by bit; the last: names */
};

static struct control none, *control = &none;
static char folder[4096];
static size_t length;

/* The function of this name that we stand before. */
#define NEXT(name)                                                        \
  ({                                                                      \
    static __typeof__(&name) real;                                        \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);         \
    real;                                                                 \
  })

#define MAKES_FILE(flags) (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE)

__attribute__((constructor)) static void begin(void) {
  const char *named = getenv("FAULTS_FOLDER"), *file = getenv("FAULTS_CONTROL");
  if (!named || !file) return;
  length = strnlen(named, sizeof folder - 1);
  memcpy(folder, named, length);
  int fd = NEXT(open)(file, O_RDWR | O_CLOEXEC);
  void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd >= 0) close(fd);
  if (at == MAP_FAILED) {
    fputs("faults: no control file\n", stderr);
    _exit(99);
  }
  control = at;
}

static int in_folder(const char *path) {
  return length && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* Whether this call of `kind` fails. */
static int strikes(int kind) {
  if (!(control->what & kind)) return 0;
  uint64_t x = __atomic_add_fetch(&control->random, 0x9e3779b97f4a7c15u, __ATOMIC_RELAXED);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return ((x ^ (x >> 31)) & 0xffff) < control->rate;
}

static int strikes_file(int fd, int kind) {
  char link[32], path[4096];
  if (!(control->what & kind)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return in_folder(path) && strikes(kind);
}

static long fail(int kind, int error) {
  __atomic_add_fetch(&control->done[__builtin_ctz(kind)], 1, __ATOMIC_RELAXED);
  errno = error;
  return -1;
}

/* How many bytes of a write go through; -1: it fails, with errno. */
static ssize_t allowed(int fd, size_t count) {
  if (strikes_file(fd, FULL)) return fail(FULL, ENOSPC);
  if (strikes_file(fd, WRITE)) return fail(WRITE, EIO);
  if (count > 1 && strikes_file(fd, SHORT)) {
    fail(SHORT, 0);
    return count / 2;
  }
  return count;
}

ssize_t write(int fd, const void *data, size_t count) {
  ssize_t size = allowed(fd, count);
  return size < 0 ? -1 : NEXT(write)(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (strikes_file(fd, FULL)) return fail(FULL, ENOSPC);
  if (strikes_file(fd, WRITE)) return fail(WRITE, EIO);
  return NEXT(writev)(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
  ssize_t size = allowed(fd, count);
  return size < 0 ? -1 : NEXT(pwrite64)(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t at) { return pwrite64(fd, data, count, at); }

ssize_t pread64(int fd, void *data, size_t count, off64_t at) {
  if (strikes_file(fd, READ)) return fail(READ, EIO);
  return NEXT(pread64)(fd, data, count, at);
}

ssize_t pread(int fd, void *data, size_t count, off_t at) { return pread64(fd, data, count, at); }

int ftruncate64(int fd, off64_t size) {
  if (strikes_file(fd, FULL)) return fail(FULL, ENOSPC);
  if (strikes_file(fd, WRITE)) return fail(WRITE, EIO);
  return NEXT(ftruncate64)(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) {
  return strikes_file(fd, SYNC) ? fail(SYNC, EIO) : NEXT(fsync)(fd);
}

int fdatasync(int fd) {
  return strikes_file(fd, SYNC) ? fail(SYNC, EIO) : NEXT(fdatasync)(fd);
}

int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = MAKES_FILE(flags) ? va_arg(list, mode_t) : 0;
  va_end(list);
  if (control->what && in_folder(path) && strikes(OPEN)) return fail(OPEN, EIO);
  return NEXT(open64)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = MAKES_FILE(flags) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open64(path, flags, mode);
}

/* Every name below `.test` is this machine, as long as names resolve at all. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  __typeof__(&getaddrinfo) real = NEXT(getaddrinfo);
  size_t size = name ? strlen(name) : 0;
  if (size < 5 || strcmp(name + size - 5, ".test")) return real(name, service, hints, found);
  if (!control->names) return real("127.0.0.1", service, hints, found);
  __atomic_add_fetch(&control->done[NAMES], 1, __ATOMIC_RELAXED);
  return EAI_AGAIN;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int code = NEXT(clock_gettime)(clock, time);
  if (code == 0 && control->shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t nanos = (int64_t)time->tv_nsec + control->shift % 1000000000;
    int64_t carry = nanos >= 0 ? nanos / 1000000000 : -((999999999 - nanos) / 1000000000);
    time->tv_sec += control->shift / 1000000000 + carry;
    time->tv_nsec = nanos - carry * 1000000000;
  }
  return code;
}

int gettimeofday(struct timeval *time, void *zone) {
  struct timespec now;
  (void)zone;
  int code = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return code;
}
