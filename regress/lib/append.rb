# Appends with Ruby's own net-imap, by turns on a connection as it makes it
# and on one with TCP_NODELAY; prints each APPEND's milliseconds as JSON:
# {"plain": [...], "nodelay": [...]}.
#
# usage: append.rb PORT TLS(0|1) USER PASSWORD COUNT
require "json"
require "net/imap"
require "openssl"
require "socket"

port, tls, user, password, count = ARGV
MAIL = "From: a@example.org\r\nSubject: by Ruby\r\n\r\n" + "x" * 2000 + "\r\n"

connect = lambda do |nodelay|
  ssl = tls == "1" ? { verify_mode: OpenSSL::SSL::VERIFY_NONE } : false
  imap = Net::IMAP.new("127.0.0.1", port: port.to_i, ssl: ssl)
  if nodelay
    sock = imap.instance_variable_get(:@sock)
    sock = sock.io if sock.respond_to?(:io)
    sock.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  end
  imap.login(user, password)
  imap
end

clock = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
conns = { plain: connect.call(false), nodelay: connect.call(true) }
times = { plain: [], nodelay: [] }
count.to_i.times do
  conns.each do |kind, imap|
    start = clock.call
    imap.append("INBOX", MAIL)
    times[kind] << (clock.call - start) * 1000
  end
end
conns.each_value { |imap| imap.logout; imap.disconnect }
puts JSON.generate(times)
