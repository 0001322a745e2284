# Fills a pool with Dalli: sets key:0, key:1, … to their numbers. Usage: ruby warm.rb COUNT HOST:PORT[:WEIGHT]...
require 'dalli'

count, *servers = ARGV
cache = Dalli::Client.new(servers)
Integer(count).times { |number| cache.set("key:#{number}", number.to_s, 0, raw: true) or abort "key:#{number}" }
