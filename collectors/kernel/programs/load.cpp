#include "collectors/kernel/programs/load.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "base/file.h"
#include "base/text.h"
#include "collectors/kernel/programs/records.h"

// The skeleton is made for C. NOLINTNEXTLINE(bugprone-reserved-identifier)
#define _Static_assert static_assert
#include <kernel_programs.skel.h>

namespace benchd::kernel {
namespace {

using base::Error;
using base::Fd;
using base::KernelHandle;
using base::Result;

constexpr const char* kTypeInformation = "/sys/kernel/btf/vmlinux";
constexpr const char* kDelayAccounting = "/proc/sys/kernel/task_delayacct";
/// Of the rows of time per cpu, which the kernel keeps in memory from the start.
constexpr uint64_t kRowBytes = uint64_t{16} << 20;
constexpr uint32_t kMaxRows = 16384;

static_assert(BENCHD_MAX_CPUS == base::kMaxCpus);

struct Destroy {
  void operator()(kernel_programs* programs) const { kernel_programs__destroy(programs); }
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Programs = std::unique_ptr<kernel_programs, Destroy>;
using Link = std::unique_ptr<bpf_link, Destroy>;

/// The last line that libbpf warned of, for the Error: the kernel's reason is in there, not in errno.
std::string& last_warning() {
  thread_local std::string line;
  return line;
}

int keep_warning(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  last_warning() = base::trim(text);
  return 0;
}

Error failure(int code, std::string attempt) {
  if (!last_warning().empty()) attempt.append(" (").append(last_warning()).append(")");
  return {.code = code, .attempt = std::move(attempt)};
}

Result<uint32_t> possible_cpus() {
  const auto text = base::read_text("/sys/devices/system/cpu/possible");
  if (!text) return text.error();
  const auto cpus = base::parse_cpu_list(*text);
  if (!cpus || cpus->none()) return Error{.code = ERANGE, .attempt = "count the cpus of \"" + *text + "\""};
  uint32_t highest = 0;
  for (uint32_t cpu = 0; cpu < cpus->size(); ++cpu) {
    if (cpus->test(cpu)) highest = cpu;
  }
  return highest + 1;
}

bool delay_accounting() {
  const auto text = base::read_text(kDelayAccounting);
  return text.ok() && base::trim(*text) != "0";
}

/// A copy that outlives the object which libbpf made.
Fd keep(int fd) {
  return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/// Of threads that exited and are not freed yet. Each cpu keeps up to 128 for itself.
constexpr uint32_t kSpareMarks = 4096;
constexpr uint32_t kSpareMarksPerCpu = 256;

/// What sizes depend on the number of cpus.
void fit(kernel_programs& programs, uint32_t cpus, uint32_t rows) {
  const uint32_t row = cpus * sizeof(uint64_t);
  bpf_map__set_value_size(programs.maps.cpu_rows, sizeof(cpu_row) + row);
  bpf_map__set_max_entries(programs.maps.cpu_rows, rows);
  bpf_map__set_value_size(programs.maps.removed, sizeof(removed_cgroup) + row);
  bpf_map__set_value_size(programs.maps.scratch, sizeof(removed_cgroup) + row);
  bpf_map__set_value_size(programs.maps.late, sizeof(late_cgroup) + row);
  bpf_map__set_value_size(programs.maps.late_scratch, sizeof(late_cgroup) + row);
  bpf_map__set_max_entries(programs.maps.spare_marks, std::max(kSpareMarks, cpus * kSpareMarksPerCpu));
}

/// Runs the iterator behind a link once.
Result<base::Done> run(int link) {
  const Fd iterator(bpf_iter_create(link));
  if (!iterator) return base::errno_error("start an iterator of kernel programs");
  char nothing[64];
  ssize_t got = 0;
  while ((got = ::read(iterator.get(), nothing, sizeof nothing)) > 0) {
  }
  if (got < 0) return base::errno_error("run an iterator of kernel programs");
  return base::Done{};
}

Result<base::Done> find_cpu_offsets(kernel_programs& programs) {
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(bpf_map__fd(programs.maps.probe), &info, &size) != 0)
    return base::errno_error("ask for the id of a map");
  programs.bss->probe_id = info.id;
  const Link link(bpf_program__attach_iter(programs.progs.find_cpu_offsets, nullptr));
  if (!link) return failure(errno, "attach the kernel program find_cpu_offsets");
  if (auto ran = run(bpf_link__fd(link.get())); !ran) return ran;
  if (programs.bss->cpu_offset[0] == 0) return Error{.code = ENOTSUP, .attempt = "find where the cpus' memory lies"};
  return base::Done{};
}

struct Attachment {
  KernelHandle handle;
  bpf_program* program;
};

Result<base::Done> attach(kernel_programs& programs, base::KernelHandles& handles) {
  // The hooks first: what a walk finds alive is then seen to its end.
  const Attachment attachments[] = {
      {KernelHandle::MkdirHook, programs.progs.on_mkdir},
      {KernelHandle::RmdirHook, programs.progs.on_rmdir},
      {KernelHandle::AttachHook, programs.progs.on_attach},
      {KernelHandle::ExitHook, programs.progs.on_exit},
      {KernelHandle::FreeHook, programs.progs.on_free},
      {KernelHandle::CgroupWalk, programs.progs.walk_cgroups},
      {KernelHandle::ThreadWalk, programs.progs.walk_threads},
      {KernelHandle::CgroupSearch, programs.progs.find_cgroups},
  };
  for (const auto& [handle, program] : attachments) {
    bpf_iter_link_info target{};
    target.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;  // and no cgroup: of the default hierarchy's root
    bpf_iter_attach_opts options{};
    options.sz = sizeof options;
    options.link_info = &target;
    options.link_info_len = sizeof target;
    const bool over_cgroups = handle == KernelHandle::CgroupWalk || handle == KernelHandle::CgroupSearch;
    const Link link(over_cgroups                         ? bpf_program__attach_iter(program, &options)
                    : handle == KernelHandle::ThreadWalk ? bpf_program__attach_iter(program, nullptr)
                                                         : bpf_program__attach(program));
    if (!link) return failure(errno, std::string("attach the kernel program ") + bpf_program__name(program));
    handles.fds[static_cast<size_t>(handle)] = keep(bpf_link__fd(link.get()));
  }
  return base::Done{};
}

}  // namespace

Result<base::KernelHandles> load_programs(uint32_t cpus) {
  const auto possible = possible_cpus();
  if (!possible) return possible.error();
  base::KernelHandles handles;
  handles.cpus = std::min<uint32_t>(std::max(cpus, *possible), base::kMaxCpus);
  handles.rows = std::bit_floor(
      static_cast<uint32_t>(std::min<uint64_t>(kMaxRows, kRowBytes / (handles.cpus * sizeof(uint64_t)))));
  handles.knows_disk_waits = delay_accounting();

  last_warning().clear();
  libbpf_set_print(keep_warning);
  // Named, or libbpf asks the kernel for all its type information by id, which takes CAP_SYS_ADMIN.
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.btf_custom_path = kTypeInformation;
  const Programs programs(kernel_programs__open_opts(&options));
  if (!programs) return failure(errno, "open the kernel programs");
  programs->rodata->cpu_count = handles.cpus;
  programs->rodata->row_count = handles.rows;
  programs->rodata->attached_at = static_cast<uint64_t>(base::now());
  fit(*programs, handles.cpus, handles.rows);
  if (const int error = kernel_programs__load(programs.get()); error != 0)
    return failure(-error, "load the kernel programs");
  if (auto found = find_cpu_offsets(*programs); !found) return found.error();
  handles.sums_subtrees = programs->bss->sums_subtrees != 0;

  const std::pair<KernelHandle, int> kept[] = {
      {KernelHandle::CgroupProgram, bpf_program__fd(programs->progs.walk_cgroups)},
      {KernelHandle::CpuRows, bpf_map__fd(programs->maps.cpu_rows)},
      {KernelHandle::Cgroups, bpf_map__fd(programs->maps.cgroups)},
      {KernelHandle::Removed, bpf_map__fd(programs->maps.removed)},
      {KernelHandle::Late, bpf_map__fd(programs->maps.late)},
      {KernelHandle::Notices, bpf_map__fd(programs->maps.notices)},
      {KernelHandle::Status, bpf_map__fd(programs->maps.status)},
  };
  for (const auto& [handle, fd] : kept) handles.fds[static_cast<size_t>(handle)] = keep(fd);
  if (auto attached = attach(*programs, handles); !attached) return attached.error();
  return handles;
}

}  // namespace benchd::kernel
