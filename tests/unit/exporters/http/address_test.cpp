#include "exporters/http/address.h"

#include <gtest/gtest.h>

namespace benchd::http {
namespace {

ListenAddress parsed(const char* text) {
  const auto address = parse_listen_address(text);
  EXPECT_TRUE(address.ok()) << text;
  return address ? *address : ListenAddress{};
}

TEST(ParseListenAddress, TakesWhatExportersTake) {
  EXPECT_EQ(parsed("127.0.0.1:10900"), (ListenAddress{"127.0.0.1", 10900}));
  EXPECT_EQ(parsed(":10900"), (ListenAddress{"", 10900}));
  EXPECT_EQ(parsed("[::1]:10900"), (ListenAddress{"::1", 10900}));
  EXPECT_EQ(parsed("[fe80::1%eth0]:1"), (ListenAddress{"fe80::1%eth0", 1}));
  EXPECT_EQ(parsed("localhost:0"), (ListenAddress{"localhost", 0}));
  EXPECT_EQ(parsed("0.0.0.0:65535"), (ListenAddress{"0.0.0.0", 65535}));
}

TEST(ParseListenAddress, SaysWhatIsWrong) {
  const auto why = [](const char* text) {
    const auto address = parse_listen_address(text);
    return address ? "accepted" : address.error().message();
  };
  EXPECT_EQ(why("localhost"), "listen on \"localhost\": no port; expected HOST:PORT or :PORT");
  EXPECT_EQ(why("[::1]"), "listen on \"[::1]\": no port; expected HOST:PORT or :PORT");
  EXPECT_EQ(why("::1:10900"), "listen on \"::1:10900\": an IPv6 address stands in brackets, [::1]:10900");
  EXPECT_EQ(why("[::1:10900"), "listen on \"[::1:10900\": '[' without ']'");
  EXPECT_EQ(why("[]:1"), "listen on \"[]:1\": empty brackets");
  EXPECT_EQ(why("http://x:1"), "listen on \"http://x:1\": not a host");
  EXPECT_EQ(why("a/b:1"), "listen on \"a/b:1\": not a host");
  for (const char* text : {"", ":", "x:", "x:65536", "x:-1", "x:+1", "x:80a", "x: 80", "]:1", "a[:1", "[[::1]]:1"})
    EXPECT_NE(why(text), "accepted") << text;
}

}  // namespace
}  // namespace benchd::http
