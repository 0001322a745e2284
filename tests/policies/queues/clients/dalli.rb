# A queue by Ruby's Dalli. Usage: FILE HOST:PORT
require 'dalli'
Dalli.logger.level = Logger::FATAL
ADDRESS = ARGV.fetch(0)

def client
  Dalli::Client.new(ADDRESS, threadsafe: true, socket_timeout: 10)
end

def done(client)
  puts client.delete('mail') ? 'done' : 'not done'
end

first = client
%w[one two].each { |message| first.set('mail', message) or abort 'not stored' }
puts first.get('mail') || 'nothing'
puts first.get('mail') || 'nothing'
done(first)
puts first.get('mail') || 'nothing'
first.close
second = client
ending = Time.now + 10
message = nil
message = second.get('mail') until message || Time.now > ending
puts message || 'nothing'
done(second)
puts second.get('mail') || 'nothing'
done(second)
