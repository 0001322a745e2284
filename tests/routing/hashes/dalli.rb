# Where Dalli puts keys; connections are never made. Usage: ruby dalli.rb < KEYS
require 'cgi'
require 'dalli'

POOLS = [
  %w[m0:11211],
  %w[10.0.0.1:11211 10.0.0.2:22122],
  %w[m0 m1 m2],
  %w[m2:11211 m0:11211 m1:11211],
  ['10.0.0.1:11211', '10.0.0.2:22122', '[::1]:22122', '[::1]', 'cache-4.example.com:1', 'm5', '/run/m6.sock', '10.0.0.8:65535'],
  [['m0:11211', 1], ['m1:11211', 2], ['m2:22122', 5]],
  [1, 7, 3, 1, 100, 13, 1, 9].each_with_index.map { |weight, n| ["10.0.0.#{n + 1}:22122", weight] }
].freeze

# A server that is asked for its place on the ring only.
class Placed < Dalli::Protocol::Binary
  def alive?
    true
  end
end

rings = POOLS.map do |servers|
  places = servers.map { |address, weight| Placed.new(weight ? "#{address}:#{weight}" : address, {}) }
  [Dalli::Ring.new(places, {}), places]
end

puts "# Where Dalli #{Dalli::VERSION} puts keys; made by tests/routing/hashes/dalli.rb"
POOLS.each do |servers|
  written = servers.map { |address, weight| weight ? "{address: \"#{address}\", weight: #{weight}}" : "\"#{address}\"" }
  puts "pool {hash: dalli, servers: [#{written.join(', ')}]}"
end
$stdin.each_line(chomp: true) do |line|
  key = CGI.unescape(line.gsub('+', '%2B')).b
  puts [line, *rings.map { |ring, places| places.index(ring.server_for_key(key)) }].join("\t")
end
