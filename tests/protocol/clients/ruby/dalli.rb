# Dalli, in the protocol that is named: binary for Dalli 2 and 3, meta for 3.2 and newer. Usage: ruby dalli.rb binary|meta
# HOST:PORT... As python/transcript.py does, it says what it was answered; a conversation is a fiber that yields once, where
# time passes.
require 'dalli'
require 'set'
require 'zlib'
Dalli.logger.level = Logger::FATAL

PROTOCOL = (ARGV.shift || 'binary').to_sym
IS_OLD = Gem::Version.new(Dalli::VERSION) < Gem::Version.new('3.2.0')
abort "Dalli #{Dalli::VERSION} has no meta protocol" if PROTOCOL == :meta && IS_OLD
abort "Dalli #{Dalli::VERSION} has no binary protocol" if PROTOCOL == :binary && Gem::Version.new(Dalli::VERSION) >= Gem::Version.new('5.a')
MANY = (0...1000).to_h { |n| ["many:#{'x' * 80}:#{n}", "value #{n}"] }
LARGE = (0..255).map(&:chr).join.b * 3500
TOO_LARGE = Random.new(7).bytes(2 << 20)
STATS = %w[pid uptime time version curr_connections cmd_get cmd_set get_hits get_misses bytes_read bytes_written].freeze

def tell(question, answer)
  text = answer.inspect.gsub(/127\.0\.0\.1:\d+/, 'SERVER')
  puts "#{question}: #{text.length <= 240 ? text : "#{text.length} characters, #{Zlib.crc32(text)}"}"
end

def ask(question)
  yield.tap { |answer| tell(question, answer) }
rescue StandardError => e
  tell("#{question}, refused", [e.class.name, e.message])
end

# Dalli 3 reads its bytes the wrong way round, so that nothing can be said of how large it is.
def unique(question, cas)
  tell(question, cas.is_a?(Integer) && cas.positive? ? 'a unique' : cas)
end

# Whether it was stored, for which some give a unique and others true.
def stored(question)
  ask(question) { yield ? 'stored' : 'not stored' }
end

def of_values(cache)
  stored('set') { cache.set('a', '1') }
  ask('get') { cache.get('a') }
  ask('get of nothing') { cache.get('none') }
  ask('fetch that makes it') { cache.fetch('made', 100) { 'made now' } }
  ask('fetch that finds it') { cache.fetch('made', 100) { 'made again' } }
  ask('set in a pipeline') { cache.multi { { 'b' => 2, 'c' => [3] }.each { |key, value| cache.set(key, value) } }.size }
  ask('get_multi') { cache.get_multi('a', 'b', 'c', 'none') }
  stored('add to something') { cache.add('a', 'x') }
  stored('add') { cache.add('new', 'x') }
  stored('replace') { cache.replace('a', '1+') }
  stored('replace of nothing') { cache.replace('none', 'x') }
  stored('set raw') { cache.set('raw', '1', 0, raw: true) }
  stored('append') { cache.append('raw', '>') }
  stored('prepend') { cache.prepend('raw', '<') }
  stored('append to nothing') { cache.append('none', 'x') }
  ask('get raw') { cache.get('raw', raw: true) }
  ask('delete') { cache.delete('a') }
  ask('delete of nothing') { cache.delete('a') }
  { 'number' => 7, 'text' => 'é', 'object' => { list: [1, 2, 3] }, 'nil' => nil, 'flag' => true }.each do |name, value|
    stored("set of a #{name}") { cache.set(name, value, 100) }
    ask("get of a #{name}") { cache.get(name) }
  end
end

def of_numbers_and_uniques(cache)
  ask('incr that begins it') { cache.incr('n', 5, 100, 10) }
  ask('incr') { cache.incr('n', 5) }
  ask('decr below zero') { cache.decr('n', 20) }
  ask('incr of nothing') { cache.incr('none', 1) }
  ask('decr that begins it') { cache.decr('m', 5, 100, 7) }
  ask('incr of a word') { cache.incr('raw', 1) }
  stored('cas') { cache.cas('b') { |value| value + 1 } }
  stored('cas that lost') { cache.cas('b') { |value| cache.set('b', 7) && value } }
  ask('cas of nothing') { cache.cas('none') { 1 } }
  stored('cas!') { cache.cas!('begun') { |value| value.inspect } }
  value, cas = cache.get_cas('b')
  unique('get_cas', cas)
  tell('with its value', value)
  stored('set_cas') { cache.set_cas('b', 8, cas) }
  stored('set_cas that lost') { cache.set_cas('b', 9, cas) }
  stored('replace_cas') { cache.replace_cas('b', 10, cache.get_cas('b').last) }
  stored('delete_cas that lost') { cache.delete_cas('b', cas) }
  ask('get_multi_cas') { cache.get_multi_cas('b', 'c').transform_values(&:first) }
  ask('touch') { cache.touch('c', 100) ? 'touched' : 'not touched' }
  ask('touch of nothing') { cache.touch('none', 100) ? 'touched' : 'not touched' }
  ask('gat') { cache.gat('c', 100) }
  ask('gat of nothing') { cache.gat('none', 100) }
end

def at_limits(cache)
  stored('set of nothing') { cache.set('empty', '') }
  ask('get of nothing') { cache.get('empty') }
  stored('set of a large value') { cache.set('large', LARGE, 0, raw: true) }
  ask('get of a large value') { cache.get('large', raw: true) }
  stored('set of one too large') { cache.set('large', TOO_LARGE, 0, raw: true) }
  stored('set of a key of 400 bytes') { cache.set('k' * 400, 'x') }
  ask('get of a key of 400 bytes') { cache.get('k' * 400) }
  ask('set of many in a pipeline') { cache.multi { MANY.each { |key, value| cache.set(key, value) } }.size }
  ask('get_multi of many') { cache.get_multi(MANY.keys) }
  found = {}
  cache.get_multi(MANY.keys) { |key, value| found[key] = value }
  tell('get_multi of many, one by one', found.sort)
  ask('delete in a pipeline') { cache.multi { MANY.each_key { |key| cache.delete(key) } }.size }
  ask('get_multi of nothing') { cache.get_multi(MANY.keys) }
  stats = cache.stats.values.first
  tell('stats', STATS.select { |name| stats.key?(name) })
  tell('version', cache.version.values.first =~ /\A\d+(\.\d+)+\z/ ? 'digits and dots' : cache.version)
  ask('stats settings') { cache.stats(:settings).values.first['maxconns'].to_i.positive? }
  ask('alive!') { cache.alive!.nil? }
end

def conversation(address)
  options = { socket_timeout: 10 }.merge(IS_OLD ? {} : { protocol: PROTOCOL })
  [{}, { namespace: 'shop', compress: true, expires_in: 100 }].each do |more|
    puts more.keys.join(' ')
    cache = Dalli::Client.new(address, options.merge(more))
    of_values(cache)
    of_numbers_and_uniques(cache)
  end
  cache = Dalli::Client.new(address, options)
  at_limits(cache)
  stored('set for a second') { cache.set('second', 'x', 1) }
  Fiber.yield
  ask('get after a second') { cache.get('second') }
  ask('flush_all') { cache.flush.all? }
  ask('get after flush_all') { cache.get('object') }
end

open = ARGV.each_with_index.map do |address, number|
  puts "== #{number}"
  Fiber.new { conversation(address) }.tap(&:resume)
end
sleep 2.5 unless open.empty?
open.each_with_index do |rest, number|
  puts "== #{number}"
  rest.resume
end
