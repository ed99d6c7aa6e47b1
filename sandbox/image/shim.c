/* Makes getenv() visible to the tracer: one open that fails, with the name in its path.
 * There is no log that the payload could edit. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *name)
{
    char path[256] = "/proc/self/attr/getenv/";
    int kept = errno;
    strncat(path, name ? name : "", 200);
    syscall(SYS_openat, -100, path, O_RDONLY | O_PATH);
    errno = kept;
}

char *getenv(const char *name)
{
    static char *(*real)(const char *);
    if (!real)
        real = dlsym(RTLD_NEXT, "getenv");
    note(name);
    return real(name);
}

char *secure_getenv(const char *name)
{
    static char *(*real)(const char *);
    if (!real)
        real = dlsym(RTLD_NEXT, "secure_getenv");
    note(name);
    return real(name);
}
