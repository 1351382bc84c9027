#include "collectors/tasks/rules/presets.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "collectors/tasks/rules/rule_file.h"

namespace benchd::rules {
namespace {

struct Source {
  const char* summary;
  const char* yaml;
};

// Where a line comes from stands above it. Addresses and ids in them are as their authors published them.
constexpr Source kSources[] = {
    // nginx.org, ngx_http_log_module: "combined", and $request_time in seconds with milliseconds behind it, bare,
    // quoted
    // or named (nginx.com, "Using NGINX Logging for Application Performance Monitoring"). The time is that of writing.
    {"nginx's access log, combined; durations where $request_time is the last of it, or named rt= or request_time=",
     R"yaml(
name: nginx
regex: '^\S+ - .{1,64}? \[(?P<time>[^\]]+)\] "(?:[^"\\]|\\.)*" (?P<outcome>\d{3}) \d+(?: "(?:[^"\\]|\\.)*")*(?:(?:.*?\b(?:rt|request_time)=| )"?(?P<s>\d+\.\d{3})\b)?'
outcome: {"[123]*": ok, "4*": client_error, "5*": error}
example:
  # yisu.com/zixun/300890.html, of a Debian host's log
  - '66.249.71.173 - - [08/Nov/2010:14:16:18 -0600] "GET /blog/2010/apr/30/installing-geodjango-dependencies-homebrew/ HTTP/1.1" 200 6569 "-" "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" 0.640 0.640 .'
  # the same without its times: combined alone
  - '66.249.71.173 - - [08/Nov/2010:14:16:18 -0600] "GET /blog/ HTTP/1.1" 200 6569 "-" "Mozilla/5.0"'
)yaml"},
    // httpd.apache.org/docs/2.4/logs.html: "common" and "combined"; %D, microseconds, or %T/%D behind them. %t is the
    // time the request was received.
    {"Apache's access log, common or combined; durations where %D or %T/%D is the last of it", R"yaml(
name: apache
regex: '^\S+ \S+ .{1,64}? \[(?P<time>[^\]]+)\] "(?:[^"\\]|\\.)*" (?P<outcome>\d{3}) (?:\d+|-)(?: "(?:[^"\\]|\\.)*")*(?: (?:\d+/)?(?P<us>\d+))?\s*$'
outcome: {"[123]*": ok, "4*": client_error, "5*": error}
time-of: start
example:
  # httpd.apache.org/docs/2.4/logs.html
  - '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326'
  - '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
  # the same with %D
  - '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "-" "-" 15321'
)yaml"},
    // docs.gunicorn.org, access_log_format: its default is combined; %(L)s, decimal seconds, has six digits.
    {"gunicorn's access log; durations where %(L)s is the last of it", R"yaml(
name: gunicorn
regex: '^\S+ \S+ .{1,64}? \[(?P<time>[^\]]+)\] "(?:[^"\\]|\\.)*" (?P<outcome>\d{3}) (?:\d+|-)(?: "(?:[^"\\]|\\.)*")*(?: (?P<s>\d+\.\d{6}))?'
outcome: {"[123]*": ok, "4*": client_error, "5*": error}
example:
  # in the shape of docs.gunicorn.org's default access_log_format, and the same with %(L)s
  - '127.0.0.1 - - [05/Mar/2024:11:17:31 +0000] "GET /health HTTP/1.1" 200 2 "-" "curl/7.88.1"'
  - '127.0.0.1 - - [05/Mar/2024:11:17:31 +0000] "GET /health HTTP/1.1" 200 2 "-" "curl/7.88.1" 0.042363'
)yaml"},
    // uvicorn.org/concepts/logging: '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'
    {"uvicorn's access log; it tells no durations", R"yaml(
name: uvicorn
regex: '(?:^|\s)\S+:\d+ - "[A-Z]+ \S+ HTTP/[\d.]+" (?P<outcome>\d{3})'
outcome: {"[123]*": ok, "4*": client_error, "5*": error}
example:
  # github.com/kernelci/kernelci-api, README
  - 'INFO:     172.20.0.1:49228 - "GET / HTTP/1.1" 200 OK'
)yaml"},
    // celery/app/trace.py: LOG_SUCCESS, LOG_FAILURE ("raised unexpected"), LOG_RETRY and their kin
    {"Celery's worker log: kind is the task's name; outcomes ok, failed and retried", R"yaml(
name: celery
any:
  - {match: 'Task {kind}[{id}] succeeded in {duration:s}', outcome: ok}
  - {match: 'Task {kind}[{id}] raised ', outcome: failed}
  - {match: 'Task {kind}[{id}] retry: ', outcome: retried}
example:
  # published logs of Celery 4 and 5
  - '[2019-04-04 15:45:46,059: INFO/ForkPoolWorker-2] Task tasks.add[caf1badd-f1f7-4e5c-9397-24e5da50fb03] succeeded in 0.00033685099992908363s: 8'
  - '[2020-11-03 17:44:36,096: ERROR/ForkPoolWorker-2] Task tasks.add[da4a03e8-5530-4c9e-afeb-75f8e0b1be5d] raised unexpected: Exception()'
  # github.com/hypothesis/h, pull request 6280
  - '[2020-10-01 10:25:12,864: INFO/ForkPoolWorker-7] Task h.tasks.indexer.add_annotation[8197522d-4db0-4af5-83f7-d6a1f5a81300] retry: Retry in 1s: RuntimeError()'
)yaml"},
    // org.apache.spark.scheduler.TaskSetManager, in log4j's layout "yy/MM/dd HH:mm:ss"
    {"Spark's driver log, its ends of tasks: outcomes ok and failed", R"yaml(
name: spark
time: "%y/%m/%d %H:%M:%S"
any:
  - {match: 'Finished task {} in stage {} (TID {id}) in {duration:ms} ms on', outcome: ok}
  - {match: 'Lost task {} in stage {} (TID {id}', outcome: failed}
example:
  # github.com/jaegertracing/spark-dependencies, pull request 16
  - '17/10/10 09:53:29 INFO TaskSetManager: Finished task 5.0 in stage 0.0 (TID 5) in 446 ms on localhost (executor driver) (5/17)'
  # github.com/spark-jobserver/spark-jobserver, issue 149, and a time before it
  - '15/05/08 19:07:00 WARN TaskSetManager: Lost task 0.3 in stage 0.0 (TID 7, kafka.cds.softlayer.com): ExecutorLostFailure (executor 0 lost)'
)yaml"},
    // elasticsearch-py up to 7 and opensearch-py: "request:", elastic_transport from 8 on: "duration:"; "N/A" where no
    // answer came
    {"requests that the Python clients of Elasticsearch and OpenSearch log", R"yaml(
name: elasticsearch
regex: '(?:GET|POST|PUT|DELETE|HEAD|PATCH) \S+ \[status:(?P<outcome>\d{3}|N/A) (?:request|duration):(?P<s>[\d.]+)s\]'
outcome: {"[123]*": ok, "404": not_found, "4*": client_error, "*": error}
example:
  # published logs of elasticsearch-py 7 and 8
  - '2020-03-28 18:56:42,486 INFO  [elasticsearch][listener] POST http://localhost:9200/clincoded/_refresh [status:200 request:0.264s]'
  - '2024-01-24 21:31:36,556 INFO      GET http://192.168.71.1:9209/_nodes/_local [status:200 duration:0.031s]'
)yaml"},
    // pkg.go.dev/log/slog: TextHandler writes a time.Duration as its String(), JSONHandler as nanoseconds
    {"Go's log/slog, text and JSON: records with duration, elapsed, took or latency; the kind is msg", R"yaml(
name: slog
any:
  - json: {time: time, kind: msg, outcome: level, duration: [duration:ns, elapsed:ns, took:ns, latency:ns]}
  - logfmt: {time: time, kind: msg, outcome: level, duration: [duration, elapsed, took, latency]}
outcome: {"ERROR*": error, "*": ok}
example:
  # go/src/log/slog/example_test.go, with the time that it leaves out
  - 'time=2022-11-08T15:28:26.000-05:00 level=INFO msg=finished req.method=GET req.url=localhost status=200 duration=1s'
  - '{"time":"2022-11-08T15:28:26.000000000-05:00","level":"INFO","msg":"finished","status":200,"duration":1000000000}'
)yaml"},
    // docs.python.org/3/library/logging.html: asctime is "2003-07-08 16:49:45,896"; basicConfig's LEVEL:name:message
    {"Python's logging: messages that tell a duration after took, in, after, elapsed or duration", R"yaml(
name: python
any:
  - regex: '^\[?(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}).*?\b(?P<outcome>DEBUG|INFO|WARNING|ERROR|CRITICAL)\b.*\b(?:took|in|after|elapsed|duration)[:= ]+(?P<duration>\d[\d.,]* ?(?:ns|us|ms|s|sec|secs|seconds?|minutes?|h|hours?)\b|\d+:\d\d:\d\d(?:\.\d+)?)'
  - regex: '^(?P<outcome>DEBUG|INFO|WARNING|ERROR|CRITICAL):[^:]*:.*\b(?:took|in|after|elapsed|duration)[:= ]+(?P<duration>\d[\d.,]* ?(?:ns|us|ms|s|sec|secs|seconds?|minutes?|h|hours?)\b|\d+:\d\d:\d\d(?:\.\d+)?)'
outcome: {ERROR: error, CRITICAL: error, "*": ok}
example:
  # a published log of elastic_transport under logging.basicConfig with asctime, name, levelname, message
  - '2025-02-28 17:34:59,290 - elastic_transport.transport - INFO - GET http://localhost:9200/ [status:200 duration:0.004s]'
  # elastic.co, search-labs notebook: basicConfig's own format
  - 'INFO:elastic_transport.transport:HEAD https://de7f5f4e2c8a452597e8e4db54c98b30.us-central1.gcp.cloud.es.io:443/ [status:200 duration:0.603s]'
)yaml"},
};

Preset make(const Source& source) {
  // A preset is a list of one rule; its first line is the newline behind the raw string's bracket.
  std::string list;
  std::string_view rest(source.yaml + 1);
  while (!rest.empty()) {
    const size_t end = rest.find('\n') + 1;
    list.append(list.empty() ? "- " : "  ").append(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  auto rules = parse_rules(list, "preset");
  if (!rules.ok()) throw std::logic_error(rules.error().message());  // a test reads them all
  return {.rule = std::move(rules->front()), .summary = source.summary, .yaml = std::move(list)};
}

}  // namespace

std::span<const Preset> presets() {
  static const std::vector<Preset> all = [] {
    std::vector<Preset> made;
    std::transform(std::begin(kSources), std::end(kSources), std::back_inserter(made), make);
    return made;
  }();
  return all;
}

const Rule* preset_named(std::string_view name) {
  for (const Preset& preset : presets())
    if (preset.rule.name == name) return &preset.rule;
  return nullptr;
}

std::string preset_names() {
  std::string names;
  for (const Preset& preset : presets()) names.append(names.empty() ? "" : ", ").append(preset.rule.name);
  return names;
}

}  // namespace benchd::rules
