/* What the layouts of all kernels share. Compiled by clang for its type information, and by g++ for offsetof. */
#include <linux/types.h>

struct task_cputime {
  __u64 stime;
  __u64 utime;
  unsigned long long sum_exec_runtime;
};
struct cgroup;
