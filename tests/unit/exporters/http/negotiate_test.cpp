#include "exporters/http/negotiate.h"

#include <gtest/gtest.h>

namespace benchd::http {
namespace {

using exposition::Format;

TEST(ChooseFormat, GivesPrometheusWhatItLikesBest) {
  // scrape.go of Prometheus 2.42.
  EXPECT_EQ(
      choose_format("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
      Format::OpenMetrics);
  // Prometheus 3 with its default scrape protocols.
  EXPECT_EQ(choose_format("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                          "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
                          "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
            Format::OpenMetrics);
  // Prometheus 3 with native histograms: protobuf first, which benchd does not write.
  EXPECT_EQ(choose_format("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
                          "q=0.7,application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4"),
            Format::OpenMetrics);
  // scrape_protocols: [PrometheusText0.0.4]
  EXPECT_EQ(choose_format("text/plain;version=0.0.4;escaping=allow-utf-8;q=0.6,*/*;q=0.5"), Format::Text);
}

TEST(ChooseFormat, GivesPeopleText) {
  EXPECT_EQ(choose_format(""), Format::Text);
  EXPECT_EQ(choose_format("*/*"), Format::Text);  // curl
  EXPECT_EQ(choose_format("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"), Format::Text);
}

TEST(ChooseFormat, FollowsQAndVersion) {
  EXPECT_EQ(choose_format("text/plain;q=0.5, application/openmetrics-text;q=0.6"), Format::OpenMetrics);
  EXPECT_EQ(choose_format("text/plain;q=0.61, application/openmetrics-text;q=0.6"), Format::Text);
  EXPECT_EQ(choose_format("text/plain, application/openmetrics-text"), Format::Text);
  EXPECT_EQ(choose_format("application/openmetrics-text, text/plain"), Format::OpenMetrics);
  EXPECT_EQ(choose_format("application/openmetrics-text;q=0"), Format::Text);
  EXPECT_EQ(choose_format("Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=1.000"), Format::OpenMetrics);
  EXPECT_EQ(choose_format("application/openmetrics-text;version=2.0.0"), Format::Text);
  EXPECT_EQ(choose_format("application/openmetrics-text;version=0.0.1"), Format::Text);
}

TEST(ChooseFormat, SurvivesGarbage) {
  for (const char* garbage :
       {",", ";", ";;;,,,", "=", "q=1", "text/plain;q", "text/plain;q=", "\xff\xfe;\"", "a;version=\""})
    EXPECT_EQ(choose_format(garbage), Format::Text) << garbage;
  for (const char* quality : {"2", "1.001", "1.0000", "-1", "0.1.2", "abc", ".5", "1e3", "0,9"})
    EXPECT_EQ(choose_format(std::string("application/openmetrics-text;q=") + quality), Format::Text) << quality;
}

TEST(ChooseFormat, EndsInAContentTypeThatPrometheusKnows) {
  EXPECT_EQ(content_type(choose_format("")), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(choose_format("application/openmetrics-text")),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(ChooseEncoding, CompressesOnlyWhenAsked) {
  const auto remote = [](const char* header) { return choose_encoding(header, false); };
  for (const char* header : {"gzip", "GZip", "x-gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.1", "*", "*;q=0.5",
                             "gzip;q=0.5, identity;q=0.5", "identity;q=0, *", "zstd, gzip"})
    EXPECT_EQ(remote(header), Encoding::Gzip) << header;
  for (const char* header : {"", "identity", "deflate", "br", "gzip;q=0", "gzip;q=0, *", "gzip;q=0.000", "*;q=0",
                             "gzipped", "gzip;q=0.4, identity;q=0.5", "gzip;q=nonsense", ";", ",,,"})
    EXPECT_EQ(remote(header), Encoding::Identity) << header;
}

TEST(ChooseEncoding, SparesAClientOnLoopback) {
  EXPECT_EQ(choose_encoding("gzip", true), Encoding::Identity);
  EXPECT_EQ(choose_encoding("gzip", true, LoopbackGzip::WhenAsked), Encoding::Gzip);
  EXPECT_EQ(choose_encoding("gzip;q=0", true, LoopbackGzip::WhenAsked), Encoding::Identity);
}

}  // namespace
}  // namespace benchd::http
