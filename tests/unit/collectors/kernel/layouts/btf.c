/* An object whose only content is the type information of LAYOUT. */
#include LAYOUT

struct cgroup one_cgroup;
#ifdef BASE_CPU
struct cgroup_rstat_base_cpu one_cpu;
#else
struct cgroup_rstat_cpu one_cpu;
#endif
